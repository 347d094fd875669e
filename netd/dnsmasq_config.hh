// Makes the texts of the files that dnsmasq reads for one network: its configuration (dnsmasq(8)),
// the list of known DHCP clients, and the list of host names. Options and their order are those of
// libvirt's networkDnsmasqConfContents(). Pure functions; lxnetd writes the files.
#pragma once

#include <string>

#include "xml/network/network.hh"

namespace lxvirt::netd {

// Names the files that the configuration refers to, and the user of dnsmasq.
struct DnsmasqPaths {
    std::string pid_file;    // empty: no file
    std::string leases;      // dhcp-leasefile: written by dnsmasq
    std::string hosts;       // dhcp-hostsfile; its user rereads it on SIGHUP, so must be able to
    std::string addn_hosts;  // addn-hosts; likewise
    // Folders of lines for dhcp-hostsfile and addn-hosts, which dnsmasq watches; empty: none.
    std::string names, addresses;
    std::string user;  // that dnsmasq becomes; empty: its own choice
    std::string group;
};

// Says whether the network needs a dnsmasq: it has an address, and DNS, DHCP, TFTP or IPv6 router
// advertisements to offer.
[[nodiscard]] bool needs_dnsmasq(const xml::Network& network);

// Returns the configuration. This text and the two below end with a newline unless they are empty.
[[nodiscard]] std::string dnsmasq_config(const xml::Network& network, const DnsmasqPaths& paths);
// Returns whether dnsmasq does this network's work within the bounds of confine_dnsmasq(). The
// options of the document (<dnsmasq:option>) can have it run programs, read further options from
// files, write elsewhere, or talk to a bus or the firewall; then it cannot.
[[nodiscard]] bool can_be_confined(const xml::Network& network);
// Returns one line for each <dhcp><host>, of both families.
[[nodiscard]] std::string dnsmasq_hosts(const xml::Network& network);
// Returns one line for each <dns><host>, in the form of hosts(5).
[[nodiscard]] std::string dnsmasq_addn_hosts(const xml::Network& network);

}  // namespace lxvirt::netd
