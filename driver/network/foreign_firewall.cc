#include "driver/network/foreign_firewall.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/netlink/base_chains.hh"
#include "netd/dnsmasq_config.hh"
#include "netd/ruleset.hh"

namespace lxvirt::driver {

namespace {

// What a network offers for packets of one family.
struct Offer {
    bool service = false;  // by dnsmasq, on the host
    bool forwarding = false;
};

Offer offer_of(const xml::Network& network, const std::string& family) {
    const bool any = std::any_of(
        network.ips.begin(), network.ips.end(),
        [&](const xml::NetworkIp& ip) { return family == "inet" || ip.v6() == (family == "ip6"); });
    if (!any || !network.makes_bridge()) return {};
    // An open network leaves its rules to the administrator; an isolated one forwards nothing.
    const auto mode = network.forward.mode;
    return {.service = netd::needs_dnsmasq(network),
            .forwarding = mode == xml::ForwardMode::nat || mode == xml::ForwardMode::route};
}

// Returns the commands that let the network's packets pass. Each rule is one that iptables can list,
// whose chain it may be: a set of ports would make it refuse the whole table.
std::string remedy(const base::DroppingChain& chain, const std::string& bridge, bool tftp) {
    std::string commands;
    const auto add = [&](const std::string& rule) {
        commands += fmt::format("{}nft insert rule {} {} accept", commands.empty() ? "" : "; ",
                                chain.text(), rule);
    };
    if (!chain.input) {
        add("iifname " + bridge);
        add("oifname " + bridge);
        return commands;
    }
    add(fmt::format("iifname {} udp dport 53", bridge));
    add(fmt::format("iifname {} tcp dport 53", bridge));
    if (tftp) add(fmt::format("iifname {} udp dport 69", bridge));
    if (chain.family != "ip6") add(fmt::format("iifname {} udp dport 67", bridge));
    if (chain.family == "ip") return commands;
    add(fmt::format("iifname {} udp dport 547", bridge));
    // Neighbour discovery, without which no packet of IPv6 arrives.
    add(fmt::format("iifname {} meta l4proto ipv6-icmp", bridge));
    return commands;
}

std::string sentence(const base::DroppingChain& chain, const xml::Network& network) {
    const std::string& bridge = network.bridge.name;
    const bool tftp = std::any_of(network.ips.begin(), network.ips.end(),
                                  [](const xml::NetworkIp& ip) { return !ip.tftp_root.empty(); });
    return fmt::format(
        "the chain '{}' of another program drops what no rule of it accepts, and none names {}: "
        "containers may {}; right would be: {}",
        chain.text(), bridge,
        chain.input ? "get no address and no names" : "not reach what lies beyond the host",
        remedy(chain, bridge, tftp));
}

}  // namespace

std::vector<std::string> foreign_drops(const xml::Network& network) {
    std::vector<std::string> sentences;
    if (!network.makes_bridge() || network.bridge.name.empty()) return sentences;
    std::vector<base::DroppingChain> chains;
    try {
        chains = base::dropping_chains(network.bridge.name);
    } catch (const base::SystemError& error) {
        if (error.error() == EPERM) return sentences;
        throw;
    }
    for (const base::DroppingChain& chain : chains) {
        const Offer offer = offer_of(network, chain.family);
        if (chain.table == netd::table_name(network) || chain.names_device) continue;
        if (chain.input ? offer.service : offer.forwarding)
            sentences.push_back(sentence(chain, network));
    }
    return sentences;
}

}  // namespace lxvirt::driver
