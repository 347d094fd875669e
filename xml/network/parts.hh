// The parsers of the parts of a network, one for each group of elements; private to xml/. Each
// takes the element that contains its part, and marks what it understands. `network` is the
// network's name, which libvirt's messages contain. All throw PlacedError.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xml/document/document.hh"
#include "xml/document/writer.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

// The namespace of libvirt's extension for lines of dnsmasq's configuration.
inline constexpr std::string_view kDnsmasqNamespace =
    "http://libvirt.org/schemas/network/dnsmasq/1.0";
// The namespace of <lx:network>, which has what libvirt has no element for.
inline constexpr std::string_view kExtensionNamespace = "urn:lxvirt:network:1";

// Says what a fragment gives: a whole entry, or only what identifies an entry that is to be
// deleted.
enum class Given { whole, key };

// --- children of <network>
void parse_network_basics(const Element& root, Network& out);  // name, uuid
void parse_forward(const Element& root, Network& out);
void parse_bridge(const Element& root, Network& out);  // bridge, mac, mtu
void parse_dns(const Element& root, Network& out);     // domain, dns
void parse_network_ips(const Element& root, Network& out);
void parse_network_routes(const Element& root, Network& out);
void parse_portgroups(const Element& root, Network& out);
void parse_dnsmasq_options(const Element& root, Network& out);
// <lx:network>, after <portgroup> (extension.cc).
void parse_extension(const Element& root, Network& out);

// --- entries of lists, which net-update changes one at a time
[[nodiscard]] ForwardInterface parse_forward_interface(const Element& element,
                                                       const std::string& network, bool live);
[[nodiscard]] DnsTxt parse_dns_txt(const Element& element, const std::string& network, Given given);
[[nodiscard]] DnsSrv parse_dns_srv(const Element& element, const std::string& network, Given given);
[[nodiscard]] DnsHost parse_dns_host(const Element& element, const std::string& network,
                                     Given given);
[[nodiscard]] DhcpRange parse_dhcp_range(const Element& element, const std::string& network,
                                         const NetworkIp& ip);
[[nodiscard]] DhcpHost parse_dhcp_host(const Element& element, const std::string& network,
                                       const NetworkIp& ip, Given given);
[[nodiscard]] PortGroup parse_portgroup(const Element& element);

// Checks the rules among the elements of one document; `root` is for the place in errors.
void check_network(const Element& root, const Network& network);
// Refuses a <dnsmasq:option> that dnsmasq would not take beside those that lxvirt sets.
void check_dnsmasq_options(const Element& root, const Network& network);

// Throws where `text`, which becomes part of a line in dnsmasq's files, would end that line.
void require_one_line(const Element& element, std::string_view what, std::string_view text);

// Writes <lx:network>; nothing where it has nothing to say.
void format_extension(Writer& out, const Network& network);

void format_dhcp_host(Writer& out, const DhcpHost& host);

}  // namespace lxvirt::xml
