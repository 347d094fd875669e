// The bridge of a network, as lxnetd makes it, takes it over from a supervisor that was killed, and
// takes it away; and its ports, which are never to wait for the spanning tree.
#pragma once

#include "base/netlink/netlink.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

// Makes the bridge with its addresses and routes, and brings it up. A bridge of this name that has
// our alias is taken over as it is; any other is an error that says whose it is. Returns its index.
// Nothing is left behind where it throws, unless the bridge was there before.
int make_bridge(base::Netlink& netlink, const BridgePlan& plan);

// Gone already is fine.
void remove_bridge(base::Netlink& netlink, const BridgePlan& plan);
// Whether its name is taken by a device that is not ours.
[[nodiscard]] bool is_anothers(base::Netlink& netlink, const BridgePlan& plan);

// With STP the kernel keeps a port four seconds from forwarding, and it cannot be told that behind
// the veth of a container there is no other bridge. A listening port can be put forwarding only
// while STP is off: so STP goes off and on around it, which leaves the states of all others as they
// are. Looks at those of `links` that are such ports.
void release_leaf_ports(base::Netlink& netlink, int bridge,
                        const std::vector<base::LinkFacts>& links);

}  // namespace lxvirt::netd
