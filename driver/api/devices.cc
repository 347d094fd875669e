// Connection's methods that attach, detach and change devices.
#include "driver/api/connection.hh"
#include "driver/device/hotplug.hh"

namespace lxvirt::driver {

std::vector<std::string> Connection::attach_device(const DomainRef& domain, std::string_view xml,
                                                   const DeviceOptions& options) {
    require_write("virDomainAttachDevice");
    return driver::attach_device(*root_, domain, xml, options);
}

std::vector<std::string> Connection::detach_device(const DomainRef& domain, std::string_view xml,
                                                   const DeviceOptions& options) {
    require_write("virDomainDetachDevice");
    return driver::detach_device(*root_, domain, xml, options);
}

std::vector<std::string> Connection::detach_device_alias(const DomainRef& domain,
                                                         const std::string& alias,
                                                         const DeviceOptions& options) {
    require_write("virDomainDetachDeviceAlias");
    return driver::detach_alias(*root_, domain, alias, options);
}

std::vector<std::string> Connection::update_device(const DomainRef& domain, std::string_view xml,
                                                   const DeviceOptions& options) {
    require_write("virDomainUpdateDeviceFlags");
    return driver::update_device(*root_, domain, xml, options);
}

}  // namespace lxvirt::driver
