// Rules for a network that depend on what else exists: other networks, and the addresses of the
// host. Pure functions over given facts; whoever knows the facts (the driver at define, lxnetd at
// start) calls them. Rules within one document are checked by parse_network().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "xml/network/network.hh"

namespace lxvirt::xml {

// Gives a network that makes a bridge and does not name it the first virbrN that is not in `taken`,
// which has the bridges of other networks and the links of the host.
void choose_bridge(Network& network, const std::vector<std::string>& taken);

// Throws Error(internal_error), in libvirt's words, where another network (of another uuid) makes
// or uses the same bridge, unless both use an existing one.
void require_free_bridge(const Network& network, std::span<const Network> others);

// A subnet that a link of the host or another network uses.
struct UsedSubnet {
    std::string owner;    // "interface eth0" or "network 'x'"
    std::string address;  // any address in the subnet
    unsigned prefix = 0;
};

// Returns the first of `used` that has addresses in common with a subnet of the network.
[[nodiscard]] std::optional<UsedSubnet> find_overlap(const Network& network,
                                                     std::span<const UsedSubnet> used);
// Throws Error(internal_error), "Network is already in use by interface eth0", where find_overlap()
// finds one.
void require_free_subnets(const Network& network, std::span<const UsedSubnet> used);

// Returns the third byte N of the first 192.168.N.0/24 that nothing in `used` overlaps, from 122
// upwards and then from 0; nothing where all are used. The shipped default network moves there when
// its own subnet is taken.
[[nodiscard]] std::optional<unsigned> free_default_subnet(std::span<const UsedSubnet> used);
// Moves every IPv4 address of the default network to that subnet.
void move_to_subnet(Network& network, unsigned third_byte);

// Fills in what libvirt shows of a running network beyond its definition: the ports of a
// masquerade.
void fill_live_defaults(Network& network);

}  // namespace lxvirt::xml
