// The names of containers for a network's dnsmasq. A container is known to the others by its domain's name,
// whether or not its DHCP client sends one, and no other container can take that name by sending it: dnsmasq
// prefers the name that is given for a hardware address.
//
// Each hardware address has a file of its own, in one of two folders that dnsmasq watches (dhcp-hostsdir and
// hostsdir in dnsmasq(8)). dnsmasq forgets a line of `names` only when it rereads everything, so that file
// stays after the container's end, and is not written again with the same text. It may reserve an address
// (driver/network/reservations.hh). A line of `addresses` goes with the container.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/netlink/netlink.hh"
#include "driver/store/root.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Returns the domain's name if it can be a host name (RFC 1123, and with underscores, which dnsmasq takes),
// else "".
[[nodiscard]] std::string guest_name(const std::string& domain);

// Returns the static hosts of the network that have the hardware address; they live as long as
// `network`.
[[nodiscard]] std::vector<const xml::DhcpHost*> static_hosts(const xml::Network& network,
                                                             const base::MacAddress& mac);

// A line of the folder `names`.
struct GuestLine {
    std::string mac, name, address;  // of the last two at least one is not empty
};
// Returns the line of an interface, and all lines. Throw SystemError.
[[nodiscard]] std::optional<GuestLine> guest_line(const Root& root, const xml::Network& network,
                                                  const std::string& mac);
[[nodiscard]] std::vector<GuestLine> guest_lines(const Root& root, const xml::Network& network);

// Makes an interface of the network known by that name, which may be empty: its own addresses and
// those of its static hosts, or else the address that it will get by DHCP, which is `reserved` if
// that is not empty. Does nothing in a network that makes no bridge, where there is nothing to say,
// and where a static host names the interface. Returns true where dnsmasq has to reread its lines
// before it knows the new one. Throws SystemError.
[[nodiscard]] bool announce_guest(const Root& root, const xml::Network& network,
                                  const std::string& name, const std::string& reserved,
                                  const xml::Interface& interface);

// Removes the line of an interface. Throws SystemError.
void forget_guest(const Root& root, const xml::Network& network, const std::string& mac);

// Returns the file that has to go with the container; it need not exist.
[[nodiscard]] std::string guest_address_file(const Root& root, const xml::Interface& interface);

// Removes both folders with all files. Throws SystemError.
void forget_guests(const std::string& network_folder);

}  // namespace lxvirt::driver
