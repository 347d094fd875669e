// Routing rules (ip-rule(8), linux/fib_rules.h). A rule that leads to a "blackhole" makes the kernel
// drop a packet before it is forwarded, without any process and without nftables; lxnetd uses such
// rules so that a bridge forwards nothing while its nftables rules are missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/codec.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::base {

// One rule. A packet that agrees with all selectors is handled by the rule.
struct RoutingRule {
    bool v6 = false;             // the family of the packets
    std::uint32_t priority = 0;  // lower ones are asked first; the table "local" has 0
    std::string
        in_device;  // selector: the device it came from, "lo" for the host's own; empty: any
    std::string destination;   // selector: the subnet's address; empty: any
    std::uint32_t prefix = 0;  // of `destination`, in bits
    std::uint32_t mark = 0,
                  mask = 0;  // selector: the packet's mark has `mark` in the bits of `mask`
    bool blackhole = true;   // drops the packet; otherwise the main table is asked
    bool operator==(const RoutingRule&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("v6", self.v6);
        visit("priority", self.priority);
        visit("in_device", self.in_device);
        visit("destination", self.destination);
        visit("prefix", self.prefix);
        visit("mark", self.mark);
        visit("mask", self.mask);
        visit("blackhole", self.blackhole);
    }
};

// Adds a rule. Throws SystemError: EEXIST where there is the same one, EAFNOSUPPORT where the kernel
// lacks the family.
void add_routing_rule(Netlink& netlink, const RoutingRule& rule);
// Removes a rule. Throws SystemError: ENOENT where there is none.
void delete_routing_rule(Netlink& netlink, const RoutingRule& rule);
// Returns the namespace's rules that have the form of a RoutingRule; others are left out.
[[nodiscard]] std::vector<RoutingRule> routing_rules(Netlink& netlink);

}  // namespace lxvirt::base
