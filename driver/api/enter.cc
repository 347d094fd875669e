// LocalConnection's method that runs a program in a container.
#include "driver/life/enter.hh"

#include "driver/api/local.hh"

namespace lxvirt::driver {

std::unique_ptr<EnteredProgram> LocalConnection::enter(const DomainRef& domain,
                                                       const EnterRequest& request) {
    require_write("virDomainLxcOpenNamespace");
    return enter_domain(root_, domain, request);
}

}  // namespace lxvirt::driver
