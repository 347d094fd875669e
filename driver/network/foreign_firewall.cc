#include "driver/network/foreign_firewall.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/netlink/nft_chains.hh"
#include "netd/foreign_rules.hh"

namespace lxvirt::driver {

namespace {

// Returns the commands that put the rules into the chain. firewalld's own rules are not to be changed
// behind its back; it has zones for that.
std::string remedy(const base::DroppingChain& chain, const xml::Network& network,
                   const std::vector<std::string>& matches) {
    if (chain.table == netd::kFirewalldTable)
        return fmt::format(
            "firewall-cmd --zone=lxvirt --change-interface={}, after firewall-cmd --reload if it "
            "does not know this zone",
            network.bridge.name);
    std::string commands;
    for (const std::string& match : matches)
        commands += fmt::format("{}nft insert rule {} {} accept", commands.empty() ? "" : "; ",
                                chain.text(), match);
    return commands;
}

std::string sentence(const base::DroppingChain& chain, const xml::Network& network,
                     const std::vector<std::string>& matches) {
    return fmt::format(
        "the chain '{}' of another program drops what no rule of it accepts, and none names {}: "
        "containers may {}; right would be: {}",
        chain.text(), network.bridge.name,
        chain.input ? "get no address and no names" : "not reach what lies beyond the host",
        remedy(chain, network, matches));
}

}  // namespace

std::vector<std::string> foreign_drops(const xml::Network& network) {
    std::vector<std::string> sentences;
    if (!network.makes_bridge() || network.bridge.name.empty()) return sentences;
    std::vector<base::DroppingChain> chains;
    try {
        chains = base::dropping_chains(
            network.bridge.name,
            [](const std::string& table) { return netd::is_foreign_table(table); });
    } catch (const base::SystemError& error) {
        if (error.error() == EPERM) return sentences;
        throw;
    }
    const std::vector<netd::ForeignRule> rules = netd::foreign_rules(network);
    for (const base::DroppingChain& chain : chains) {
        if (chain.names_device) continue;
        // A chain for both families needs each rule once.
        std::vector<std::string> matches;
        for (const netd::ForeignRule& rule : rules)
            if (rule.input == chain.input &&
                (chain.family == "inet" || chain.family == rule.family) &&
                std::find(matches.begin(), matches.end(), rule.match) == matches.end())
                matches.push_back(rule.match);
        if (!matches.empty()) sentences.push_back(sentence(chain, network, matches));
    }
    return sentences;
}

}  // namespace lxvirt::driver
