// Connection's method that runs a program in a container.
#include "driver/connection.hh"
#include "driver/enter.hh"

namespace lxvirt::driver {

EnteredProgram Connection::enter(const DomainRef& domain, const EnterRequest& request) {
    require_write("virDomainLxcOpenNamespace");
    return enter_domain(*root_, domain, request);
}

}  // namespace lxvirt::driver
