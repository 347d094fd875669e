// The files that dnsmasq reads for one network, as text: its configuration (dnsmasq(8), the order
// and the meaning libvirt's, see docs), the file of known DHCP clients, and the file of host names.
// Pure; lxnetd writes and applies them.
#pragma once

#include <string>

#include "xml/network/network.hh"

namespace lxvirt::netd {

struct DnsmasqPaths {
    std::string pid_file;  // empty: none
    std::string leases;    // kept by dnsmasq itself
    std::string hosts;     // dhcp-hostsfile: reread on SIGHUP, so its user must be able to read it
    std::string addn_hosts;  // likewise
    std::string user;        // whom dnsmasq becomes; empty: dnsmasq's own choice
    std::string group;
};

// Whether the network needs a dnsmasq: it has an address, and DNS, DHCP or TFTP to offer on it.
[[nodiscard]] bool needs_dnsmasq(const xml::Network& network);

// Ends with a newline, as all three.
[[nodiscard]] std::string dnsmasq_config(const xml::Network& network, const DnsmasqPaths& paths);
// One line per <dhcp><host>, all families.
[[nodiscard]] std::string dnsmasq_hosts(const xml::Network& network);
// One line per <dns><host>.
[[nodiscard]] std::string dnsmasq_addn_hosts(const xml::Network& network);

}  // namespace lxvirt::netd
