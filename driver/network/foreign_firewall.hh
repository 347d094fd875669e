// Firewalls of other programs that keep a network's traffic from arriving. nftables lets a packet
// pass only if every base chain does, so lxvirt's own rules cannot open what another program's chain
// drops.
#pragma once

#include <string>
#include <vector>

#include "xml/network/network.hh"

namespace lxvirt::driver {

// Returns a sentence for each chain of another program that drops what the network's containers send
// to the host (DHCP and DNS), or through it, as far as the network offers either: a chain with the
// policy "drop" in whose table no rule names the bridge. The network runs in the caller's network
// namespace. Needs CAP_NET_ADMIN; without it, and where the kernel has no nftables, there are none.
[[nodiscard]] std::vector<std::string> foreign_drops(const xml::Network& network);

}  // namespace lxvirt::driver
