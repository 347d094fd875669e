// Addresses of a network's DHCP pool that belong to one interface for good, because the guards `ip`
// and `arp` of its port let no other address pass. A reservation is the address in the interface's
// line for dnsmasq (driver/network/guest_names.hh), so it holds as long as the network runs and
// after the container's end, too: the next start gets the same address.
//
// Whoever calls here holds the network's lock.
#pragma once

#include <optional>
#include <string>

#include "driver/store/root.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Says whether the network gives out IPv4 addresses from a pool.
[[nodiscard]] bool has_pool(const xml::Network& network);

// Returns the IPv4 address that is reserved for a hardware address; nothing where none is, or where
// it is no longer in the pool.
[[nodiscard]] std::optional<std::string> reserved_address(const Root& root,
                                                          const xml::Network& network,
                                                          const std::string& mac);

struct ChosenAddress {
    std::string address;
    bool was_anothers = false;  // dnsmasq has to reread its lines to forget it
};
// Returns an address of the pool for the hardware address: the one that is reserved for it, or that
// it has a lease of, or else one that is neither reserved nor leased. Where all are, it takes away
// a reservation whose interface has neither a port nor a lease. Nothing is written but for that.
// Throws operation_failed where the pool is used up, SystemError.
[[nodiscard]] ChosenAddress choose_address(const Root& root, const xml::Network& network,
                                           const std::string& mac);

}  // namespace lxvirt::driver
