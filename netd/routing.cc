#include "netd/routing.hh"

#include <algorithm>

#include "xml/document/values.hh"

namespace lxvirt::netd {

namespace {

// The priorities, in the order in which the kernel asks: after the table "local" (0), which delivers to
// the host itself, and before everything that other programs usually add (VPNs from 5000 on, the main
// table at 32766).
constexpr std::uint32_t kHostsOwn = 200;  // from the host to the network: the main table decides
constexpr std::uint32_t kBack = 201;      // from the bridge back to it, over the host: needs a mark
constexpr std::uint32_t kReturns = 202;   // what rp_filter asks about; see routing_rules()
constexpr std::uint32_t kInwards = 203;   // to the network: needs a mark
constexpr std::uint32_t kOutwards = 204;  // from the bridge: needs a mark

Subnet subnet_of(const std::string& text, unsigned prefix) {
    auto address = xml::to_ip_address(text).value_or(xml::SocketAddress{});
    address.clear_beyond(prefix);
    return {.v6 = address.v6, .address = address.text(), .prefix = prefix};
}

}  // namespace

bool is_fenced(const xml::Network& network) {
    return network.makes_bridge() && network.forward.mode != xml::ForwardMode::open;
}

std::vector<Subnet> subnets(const xml::Network& network) {
    std::vector<Subnet> found;
    for (const xml::NetworkIp& ip : network.ips)
        found.push_back(subnet_of(ip.address, xml::ip_prefix(ip)));
    for (const xml::Route& route : network.routes)
        found.push_back(subnet_of(route.address, xml::route_prefix(route)));
    return found;
}

Marks marks_of(const std::string& bridge) {
    std::uint32_t sum = 0;
    for (const char c : bridge) sum = sum * 31 + static_cast<unsigned char>(c);
    const std::uint32_t identity = 1 + sum % 7;
    return {.leaves = identity << 27, .enters = identity << 24};
}

// rp_filter looks up the way back of each IPv4 packet that is forwarded, with the device that the
// packet leaves by as the one it came from, and with the mark of the packet itself (src_valid_mark).
// For a packet that leaves the network that is a way to the network with the mark `leaves`, which no
// packet from elsewhere has; for one that enters, a way from the bridge with the mark `enters`.
std::vector<base::RoutingRule> routing_rules(const xml::Network& network) {
    std::vector<base::RoutingRule> rules;
    if (!is_fenced(network)) return rules;
    const bool forwards = network.forward.mode != xml::ForwardMode::none;
    const Marks marks = marks_of(network.bridge.name);
    const std::string& bridge = network.bridge.name;
    const std::uint32_t enters = forwards ? kEnters : 0, leaves = forwards ? kLeaves : 0;
    for (const Subnet& subnet : subnets(network)) {
        // A rule for a default route over the bridge would drop all of the host's forwarding.
        if (subnet.prefix == 0) continue;
        const base::RoutingRule to{.v6 = subnet.v6,
                                   .in_device = {},
                                   .destination = subnet.address,
                                   .prefix = subnet.prefix};
        const auto add = [&](std::uint32_t priority, const std::string& from, std::uint32_t mark,
                             std::uint32_t mask, bool blackhole) {
            base::RoutingRule rule = to;
            rule.priority = priority;
            rule.in_device = from;
            rule.mark = mark;
            rule.mask = mask;
            rule.blackhole = blackhole;
            rules.push_back(rule);
        };
        add(kHostsOwn, "lo", 0, 0, false);
        add(kInwards, "", 0, enters, true);
        if (!forwards) continue;
        add(kBack, bridge, 0, kEnters, true);
        if (!subnet.v6) add(kReturns, "", marks.leaves, kLeaves, false);
    }
    // What leaves is dropped for both families, also if the network has addresses of one only.
    for (const bool v6 : {false, true}) {
        base::RoutingRule rule{.v6 = v6,
                               .priority = kOutwards,
                               .in_device = bridge,
                               .destination = {},
                               .mask = leaves};
        rules.push_back(rule);
        if (v6 || !forwards) continue;
        rule.priority = kReturns;
        rule.mark = marks.enters;
        rule.mask = kEnters;
        rule.blackhole = false;
        rules.push_back(rule);
    }
    return rules;
}

}  // namespace lxvirt::netd
