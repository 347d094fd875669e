// Rules of a network that need to know what else there is: other networks, and the addresses of the
// host. Pure functions over given facts; whoever has the facts (the driver at define, lxnetd at
// start) calls them. What one document can say by itself is checked by parse_network().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "xml/network/network.hh"

namespace lxvirt::xml {

// Gives a network that makes a bridge and names none the first virbrN that is not in `taken`: the
// bridges of other networks, and the links of the host.
void choose_bridge(Network& network, const std::vector<std::string>& taken);

// Throws internal_error, in libvirt's words, where another network (other uuid) makes or uses the
// same bridge, unless both only use one that exists already.
void require_free_bridge(const Network& network, std::span<const Network> others);

// A subnet that is in use, by a link of the host or by another network.
struct UsedSubnet {
    std::string owner;    // "interface eth0" or "network 'x'"
    std::string address;  // any address in it
    unsigned prefix = 0;
};

// The first of `used` that shares addresses with one of the network's.
[[nodiscard]] std::optional<UsedSubnet> find_overlap(const Network& network,
                                                     std::span<const UsedSubnet> used);
// Throws internal_error "Network is already in use by interface eth0".
void require_free_subnets(const Network& network, std::span<const UsedSubnet> used);

// The third byte N of the first 192.168.N.0/24 that nothing in `used` shares, from 122 upwards and
// then from 0: what the shipped default network moves to when its own subnet is taken. Nothing
// where all are.
[[nodiscard]] std::optional<unsigned> free_default_subnet(std::span<const UsedSubnet> used);
// Moves every IPv4 address of the default network to that subnet.
void move_to_subnet(Network& network, unsigned third_byte);

// What libvirt shows of a running network beyond its definition: the ports of a masquerade.
void fill_live_defaults(Network& network);

}  // namespace lxvirt::xml
