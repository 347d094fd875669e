// The nftables rules of one network as text for libnftables (nft(8)): one table of family inet,
// named after the bridge. Pure; lxnetd applies them.
#pragma once

#include <string>

#include "xml/network/network.hh"

namespace lxvirt::netd {

// "lxvirt_virbr0"; characters that an nftables name cannot have are written "_2b".
[[nodiscard]] std::string table_name(const xml::Network& network);

// Text that makes the table or replaces it, all in one transaction; empty for modes that have no
// rules (open, and those on an existing bridge or on macvlan).
[[nodiscard]] std::string ruleset(const xml::Network& network);

// Text that removes the table, and is no error where it is gone.
[[nodiscard]] std::string ruleset_removal(const xml::Network& network);

}  // namespace lxvirt::netd
