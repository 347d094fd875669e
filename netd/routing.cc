#include "netd/routing.hh"

#include <algorithm>

#include "xml/document/values.hh"

namespace lxvirt::netd {

namespace {

// After the table "local" (0), which delivers to the host itself, and before everything that other
// programs usually add (VPNs from 5000 on, the main table at 32766).
constexpr std::uint32_t kHostsOwn = 200, kInwards = 201, kOutwards = 202;

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

std::vector<base::RoutingRule> routing_rules(const xml::Network& network) {
    std::vector<base::RoutingRule> rules;
    if (!is_fenced(network)) return rules;
    const bool forwards = network.forward.mode != xml::ForwardMode::none;
    const auto unless = [&](std::uint32_t bit) { return forwards ? bit : 0; };
    // What leaves is dropped for both families, also if the network has addresses of one only.
    for (const bool v6 : {false, true})
        rules.push_back({.v6 = v6,
                         .priority = kOutwards,
                         .in_device = network.bridge.name,
                         .destination = {},
                         .prefix = 0,
                         .unmarked = unless(kMayLeave)});
    for (const Subnet& subnet : subnets(network)) {
        // A rule for a default route over the bridge would drop all of the host's forwarding.
        if (subnet.prefix == 0) continue;
        base::RoutingRule rule{.v6 = subnet.v6,
                               .priority = kHostsOwn,
                               .in_device = "lo",
                               .destination = subnet.address,
                               .prefix = subnet.prefix,
                               .blackhole = false};
        rules.push_back(rule);
        rule.priority = kInwards;
        rule.in_device.clear();
        rule.unmarked = unless(kMayEnter);
        rule.blackhole = true;
        rules.push_back(rule);
    }
    return rules;
}

}  // namespace lxvirt::netd
