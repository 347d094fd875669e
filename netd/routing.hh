// The routing rules of one network, which make the kernel drop what nftables has not allowed: without
// the network's nftables table nothing is forwarded from its bridge or to its subnets, whoever removed
// the table and whether or not lxnetd runs. The table allows a packet by setting a bit of its mark.
// Pure functions; lxnetd adds the rules before it makes the bridge.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/netlink/rules.hh"
#include "xml/network/network.hh"

namespace lxvirt::netd {

// The bits of a packet's mark. Other programs on the host must leave them alone; a container cannot
// set them, since a veth clears the mark between network namespaces. Each network has an identity from
// 1 to 7, so that the mark of one network lets nothing pass the rules of another; two networks that
// share an identity are still kept apart by their tables.
inline constexpr std::uint32_t kLeaves =
    0x38000000;  // the network that the packet may leave; 0: none
inline constexpr std::uint32_t kEnters = 0x07000000;  // the network that it may enter; 0: none
// Set for what comes from an isolated port, at that port: such a packet may not enter its own network.
inline constexpr std::uint32_t kIsolatedPort = 0x40000000;

// The two marks of a network.
struct Marks {
    std::uint32_t leaves = 0, enters = 0;
};
// Returns the marks, which follow from the name of the bridge.
[[nodiscard]] Marks marks_of(const std::string& bridge);

// Says whether the network has routing rules and an nftables table: one that makes a bridge and is
// not of the mode 'open', where the host's own firewall decides.
[[nodiscard]] bool is_fenced(const xml::Network& network);

// A subnet that is reached over the network's bridge.
struct Subnet {
    bool v6 = false;
    std::string address;  // with the host's bits cleared
    unsigned prefix = 0;  // in bits; 0 only for a default route over the bridge
};
// Returns the subnets of the network's addresses, then those of its <route>s.
[[nodiscard]] std::vector<Subnet> subnets(const xml::Network& network);

// Returns the rules of the network in the order in which they are to be added; empty if it is not
// fenced. An isolated network's rules drop everything, so it needs no mark.
[[nodiscard]] std::vector<base::RoutingRule> routing_rules(const xml::Network& network);

}  // namespace lxvirt::netd
