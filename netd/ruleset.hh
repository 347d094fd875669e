// Makes the nftables rules of one network, as text for libnftables (nft(8)): one table of family
// inet, named after the bridge. Pure functions; lxnetd applies the text.
#pragma once

#include <string>
#include <string_view>

#include "xml/network/network.hh"

namespace lxvirt::netd {

// Returns the table's name, such as "lxvirt_virbr0". A character that nftables does not allow in a
// name is written as "_" and two hexadecimal digits.
[[nodiscard]] std::string table_name(const xml::Network& network);

// Returns the text in the quotes of nft. nft has no way to write a quote, a backslash or a wildcard
// inside a name: throws Error(internal_error) for a text with one, or with a control character.
[[nodiscard]] std::string nft_quoted(std::string_view text);

// Returns the text that makes or replaces the table in one transaction. The table belongs to the
// process that makes it (`flags owner`): others cannot change or flush it, and it goes when the
// process ends. Empty for networks without rules: mode open, an existing bridge, macvlan. One that
// forwards has the places for publications (netd/publish.hh).
[[nodiscard]] std::string ruleset(const xml::Network& network);

}  // namespace lxvirt::netd
