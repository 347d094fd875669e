// The rules that a network needs in the firewalls of other programs. nftables lets a packet pass only
// if every base chain does, so the network's own table cannot open what another program's chain
// drops. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netd/plan.hh"
#include "xml/network/network.hh"

namespace lxvirt::netd {

// Returns what the network's containers send to the host (DHCP, DNS, TFTP) and through it, as far as
// the network offers either, for each family. Each rule is one that iptables can list, whose table it
// may be put into: a set of ports would make iptables refuse the whole table.
[[nodiscard]] std::vector<ForeignRule> foreign_rules(const xml::Network& network);

// Says whether a table of nftables is none of lxvirt's.
[[nodiscard]] bool is_foreign_table(std::string_view table);

}  // namespace lxvirt::netd
