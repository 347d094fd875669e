// The chains of nftables by which other programs drop what passes the host: those of Docker, ufw and
// administrators, iptables' among them where iptables is the one on nftables. A chain that accepts
// by its policy and ends in a rule that drops or rejects all, as firewalld's, is not among them.
// Sources: linux/netfilter/nf_tables.h, nft(8).
#pragma once

#include <string>
#include <vector>

namespace lxvirt::base {

// A base chain at the hook `input` or `forward` that drops what none of its rules accepts.
struct DroppingChain {
    std::string family;  // "ip", "ip6" or "inet"
    std::string table, name;
    bool input = false;  // otherwise `forward`
    // Whether a rule names the device: one of this chain, or of a chain without a hook in its table,
    // to which this one may jump.
    bool names_device = false;
    // Returns "ip filter FORWARD", as nft(8) takes it.
    [[nodiscard]] std::string text() const;
};

// Returns those of the caller's network namespace, in the kernel's order; none where the kernel has
// no nftables. A rule names a device if its text has the whole name, whatever the rule does with
// it; a pattern and an element of a set name none. Needs CAP_NET_ADMIN. Throws SystemError.
[[nodiscard]] std::vector<DroppingChain> dropping_chains(const std::string& device);

}  // namespace lxvirt::base
