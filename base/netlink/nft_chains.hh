// The chains and rules of nftables that other programs have made, by nfnetlink (linux/netfilter/
// nf_tables.h) without a library. nft(8), "hooks" and "policy": a packet passes only if every base
// chain accepts it, so one that drops what no rule of it accepts closes the way for whoever is not
// named in it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lxvirt::base {

// A place in a chain: before the rule with this number, or at the end of the chain where it is 0.
struct ChainPlace {
    std::string chain;
    std::uint64_t handle = 0;
    bool operator==(const ChainPlace&) const = default;
};

// A base chain of the hook `forward` or `input` that drops what no rule of it accepts: by its
// policy, or by a rule that drops or rejects whatever comes to it, here or in a chain to which it
// jumps without a condition.
struct DroppingChain {
    std::string family;  // "ip", "ip6" or "inet"
    std::string table, name;
    bool input = false;  // otherwise `forward`
    // Whether a rule names the device: one of this chain, or of a chain without a hook in its table,
    // to which this one may jump.
    bool names_device = false;
    // Where a rule comes after all that is asked before a packet is dropped.
    ChainPlace end;
    // Returns "ip filter FORWARD", as nft(8) takes it.
    [[nodiscard]] std::string text() const;
};

// Returns those of the caller's network namespace in the tables that `is_foreign` says yes to, in the
// kernel's order; none where the kernel has no nftables. A rule names a device if its text has the
// whole name, whatever the rule does with it; a pattern and an element of a set name none. Needs
// CAP_NET_ADMIN. Throws SystemError.
[[nodiscard]] std::vector<DroppingChain> dropping_chains(
    const std::string& device, const std::function<bool(const std::string& table)>& is_foreign);

// A rule that was found by its comment.
struct CommentedRule {
    std::string chain;
    std::uint64_t handle = 0;  // its number in its table
    // The place behind it and behind the further rules whose comments have the prefix.
    ChainPlace behind;
};

// Returns the rules of a table that have the comment, which begins with the prefix, in the order of
// their chains; none where there is no such table. `family` is "ip" or "ip6". Needs CAP_NET_ADMIN.
// Throws SystemError.
[[nodiscard]] std::vector<CommentedRule> commented_rules(const std::string& family,
                                                         const std::string& table,
                                                         const std::string& comment,
                                                         const std::string& prefix);

}  // namespace lxvirt::base
