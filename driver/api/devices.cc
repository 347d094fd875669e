// LocalConnection's methods that attach, detach and change devices. They check access and flags, as
// libvirt's lxc driver does; driver/device/hotplug.cc does the work.
#include "driver/api/local.hh"
#include "driver/device/hotplug.hh"

namespace lxvirt::driver {

std::vector<std::string> LocalConnection::attach_device(const DomainRef& domain,
                                                        std::string_view xml,
                                                        const DeviceOptions& options) {
    require_write("virDomainAttachDevice");
    check_flags(options.flags, Affect::live | Affect::config, "lxcDomainAttachDeviceFlags");
    return driver::attach_device(root_, domain, xml, options);
}

std::vector<std::string> LocalConnection::detach_device(const DomainRef& domain,
                                                        std::string_view xml,
                                                        const DeviceOptions& options) {
    require_write("virDomainDetachDevice");
    check_flags(options.flags, Affect::live | Affect::config | Affect::force,
                "lxcDomainDetachDeviceFlags");
    return driver::detach_device(root_, domain, xml, options);
}

std::vector<std::string> LocalConnection::detach_device_alias(const DomainRef& domain,
                                                              const std::string& alias,
                                                              const DeviceOptions& options) {
    require_write("virDomainDetachDeviceAlias");
    check_flags(options.flags, Affect::live | Affect::config | Affect::force,
                "lxcDomainDetachDeviceAlias");
    return driver::detach_alias(root_, domain, alias, options);
}

std::vector<std::string> LocalConnection::update_device(const DomainRef& domain,
                                                        std::string_view xml,
                                                        const DeviceOptions& options) {
    require_write("virDomainUpdateDeviceFlags");
    check_flags(options.flags, Affect::live | Affect::config | Affect::force,
                "lxcDomainUpdateDeviceFlags");
    return driver::update_device(root_, domain, xml, options);
}

}  // namespace lxvirt::driver
