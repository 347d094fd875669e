// The names of containers for a network's dnsmasq. A container is known to the others by its domain's name,
// whether or not its DHCP client sends one, and no other container can take that name by sending it: dnsmasq
// prefers the name that is given for a hardware address.
//
// Each hardware address has a file of its own, in one of two folders that dnsmasq watches (dhcp-hostsdir and
// hostsdir in dnsmasq(8)). dnsmasq forgets a line of `names` only when it rereads everything, so that file
// stays after the container's end, and is not written again with the same text. A line of `addresses` goes
// with the container.
#pragma once

#include <string>

#include "driver/store/root.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Returns the domain's name if it can be a host name (RFC 1123, and with underscores, which dnsmasq takes),
// else "".
[[nodiscard]] std::string guest_name(const std::string& domain);

// Makes an interface of the network known by that name: its own addresses and those of its static hosts, or
// else the address that it will get by DHCP. Does nothing with an empty name, in a network that makes no
// bridge, and where a static host names the interface. Throws SystemError.
void announce_guest(const Root& root, const xml::Network& network, const std::string& name,
                    const xml::Interface& interface);

// Returns the file that has to go with the container; it need not exist.
[[nodiscard]] std::string guest_address_file(const Root& root, const xml::Interface& interface);

// Removes both folders with all files. Throws SystemError.
void forget_guests(const std::string& network_folder);

}  // namespace lxvirt::driver
