// The container's network devices: made by the helper in the host's namespace with their other end
// straight in the container's, then configured through a socket that lives in there.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

// Throws SystemError naming device and step. A veth goes with the container's namespace; a
// half-made set is taken away by whoever kills the init.
void make_links(const std::vector<Link>& links, base::Fd netns, bool loopback);

}  // namespace lxvirt::helper
