// LocalConnection::enter(), which runs a program in a container; driver/life/enter.cc does the
// work. The call that is named to a read-only caller is the one that virsh lxc-enter-namespace
// makes.
#include "driver/life/enter.hh"

#include "driver/api/local.hh"

namespace lxvirt::driver {

std::unique_ptr<EnteredProgram> LocalConnection::enter(const DomainRef& domain,
                                                       const EnterRequest& request) {
    require_write("virDomainLxcOpenNamespace");
    return enter_domain(root_, domain, request);
}

}  // namespace lxvirt::driver
