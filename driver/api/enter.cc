// Connection's method that runs a program in a container.
#include "driver/life/enter.hh"
#include "driver/api/connection.hh"

namespace lxvirt::driver {

EnteredProgram Connection::enter(const DomainRef& domain, const EnterRequest& request) {
    require_write("virDomainLxcOpenNamespace");
    return enter_domain(*root_, domain, request);
}

}  // namespace lxvirt::driver
