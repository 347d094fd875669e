// The bridge of a network: lxnetd makes it, or takes over the one that a killed lxnetd left, and
// removes it; and the bridge's ports, which must not wait for the spanning tree.
#pragma once

#include "base/netlink/netlink.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

// Makes the bridge with its addresses and routes, brings it up, and returns its index. A bridge of
// this name that carries our alias is taken over as it is; any other device of the name is an error
// that says whose it is. Throws SystemError; a bridge that this call made is removed again then.
int make_bridge(base::Netlink& netlink, const BridgePlan& plan);

// Removes the bridge if it is ours; an absent one is no error. Throws SystemError.
void remove_bridge(base::Netlink& netlink, const BridgePlan& plan);
// Throws SystemError(EEXIST), which says whose it is, if a device that is not ours has the name.
void require_own_name(base::Netlink& netlink, const BridgePlan& plan);
// Says whether the name of the bridge is taken by a device that is not ours.
[[nodiscard]] bool is_anothers(base::Netlink& netlink, const BridgePlan& plan);

// Puts those ports in `links` into the forwarding state that lead to a container and are waiting
// for the spanning tree. With STP the kernel keeps a new port four seconds from forwarding, and
// there is no way to tell it that no further bridge can be behind the veth of a container. The
// state of a port can be set only while the kernel's STP is off, so STP is switched off and on
// again around it; the states of the other ports survive that. Throws SystemError.
void release_leaf_ports(base::Netlink& netlink, int bridge,
                        const std::vector<base::LinkFacts>& links);

}  // namespace lxvirt::netd
