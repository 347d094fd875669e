// Makes the nftables rules of one network, as text for libnftables (nft(8)): one table of family
// inet, named after the bridge. Pure functions; lxnetd applies the text.
#pragma once

#include <string>

#include "xml/network/network.hh"

namespace lxvirt::netd {

// Returns the table's name, such as "lxvirt_virbr0". A character that nftables does not allow in a
// name is written as "_" and two hexadecimal digits.
[[nodiscard]] std::string table_name(const xml::Network& network);

// Returns the text that makes or replaces the table in one transaction. Empty for networks without
// rules: mode open, an existing bridge, macvlan.
[[nodiscard]] std::string ruleset(const xml::Network& network);

// Returns the text that removes the table; applying it where there is none is no error.
[[nodiscard]] std::string ruleset_removal(const xml::Network& network);

}  // namespace lxvirt::netd
