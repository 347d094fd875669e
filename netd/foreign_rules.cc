#include "netd/foreign_rules.hh"

#include <fmt/format.h>

#include <algorithm>

#include "netd/dnsmasq_config.hh"
#include "netd/ruleset.hh"

namespace lxvirt::netd {

std::vector<ForeignRule> foreign_rules(const xml::Network& network) {
    std::vector<ForeignRule> rules;
    // An open network leaves its rules to the administrator; an isolated one forwards nothing.
    const bool forwards = network.forward.mode == xml::ForwardMode::nat ||
                          network.forward.mode == xml::ForwardMode::route;
    if (!network.makes_bridge()) return rules;
    const std::string bridge = nft_quoted(network.bridge.name);
    for (const bool v6 : {false, true}) {
        const auto is_of_family = [&](const xml::NetworkIp& ip) { return ip.v6() == v6; };
        if (!std::any_of(network.ips.begin(), network.ips.end(), is_of_family)) continue;
        const auto add = [&](bool input, std::string_view device, std::string_view match) {
            rules.push_back({.family = v6 ? "ip6" : "ip",
                             .input = input,
                             .match = fmt::format("{} {}{}", device, bridge, match)});
        };
        if (needs_dnsmasq(network)) {
            add(true, "iifname", " udp dport 53");
            add(true, "iifname", " tcp dport 53");
            if (std::any_of(network.ips.begin(), network.ips.end(), [&](const xml::NetworkIp& ip) {
                    return is_of_family(ip) && !ip.tftp_root.empty();
                }))
                add(true, "iifname", " udp dport 69");
            add(true, "iifname", v6 ? " udp dport 547" : " udp dport 67");
            // Neighbour discovery, without which no packet of IPv6 arrives.
            if (v6) add(true, "iifname", " meta l4proto ipv6-icmp");
        }
        if (!forwards) continue;
        add(false, "iifname", "");
        add(false, "oifname", "");
    }
    return rules;
}

bool is_foreign_table(std::string_view table) {
    return !table.starts_with(kTablePrefix);
}

}  // namespace lxvirt::netd
