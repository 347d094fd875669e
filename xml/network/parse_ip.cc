// Parses <ip> with <tftp> and <dhcp>, and <route>.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/parts.hh"
#include "xml/network/names.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

constexpr std::uint32_t kShortestLease = 120;  // seconds; the minimum of dnsmasq

// Reads the address attribute. The family must be given for IPv6, as libvirt demands.
SocketAddress parse_address(const Element& element, const NetworkIp& ip,
                            const std::string& network) {
    const auto text = element.attribute("address");
    if (!text)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Missing required address attribute in network '{}'", network),
                     "<ip address='192.168.100.1' prefix='24'/>");
    const auto address = to_ip_address(*text);
    if (!address)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Invalid address '{}' in network '{}'", *text, network),
                     "an IPv4 address, or IPv6 with family='ipv6'");
    const std::string_view hint = "family is ipv4, which is the default, or ipv6";
    if (!ip.family.empty() && ip.family != "ipv4" && ip.family != "ipv6")
        element.fail(ErrorCode::xml_error,
                     fmt::format("Unrecognized family '{}' in network '{}'", ip.family, network),
                     hint);
    if (ip.v6() && !address->v6)
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("Family 'ipv6' specified for non-IPv6 address '{}' in network "
                                 "'{}'",
                                 *text, network),
                     hint);
    if (!ip.v6() && address->v6)
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("{} specified for non-IPv4 address '{}' in network '{}'",
                                 ip.family.empty() ? "no family" : "ipv4 family", *text, network),
                     hint);
    return *address;
}

// Reads prefix or netmask; both at once, and a netmask for IPv6, are refused.
void parse_mask(const Element& element, NetworkIp& ip, const std::string& network) {
    const auto prefix = unsigned_attribute(element, "prefix");
    const auto mask = element.attribute("netmask");
    const std::string_view hint = "give prefix='24' or netmask='255.255.255.0'";
    if (mask) {
        if (ip.v6())
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("netmask not allowed for IPv6 address '{}' in network '{}'",
                                     ip.address, network),
                         "give a prefix");
        if (prefix)
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("Network '{}' IP address cannot have both a prefix and a "
                                     "netmask",
                                     network),
                         hint);
        const auto parsed = to_ip_address(*mask);
        if (!parsed || parsed->v6 || !mask_prefix(*parsed))
            element.fail(ErrorCode::xml_error,
                         fmt::format("Invalid netmask '{}' in network '{}'", *mask, network), hint);
        ip.netmask = parsed->text();
    }
    const unsigned most = ip.v6() ? 128 : 32;
    if (prefix && *prefix > most)
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("Invalid {} prefix '{}' in network '{}'",
                                 ip.v6() ? "IPv6" : "IPv4", *prefix, network),
                     hint);
    if (prefix.value_or(0) != 0) ip.prefix = static_cast<unsigned>(*prefix);  // 0: none given
}

// Refuses the network's and the broadcast address, which no host can have. A point-to-point subnet
// has neither (RFC 3021).
void require_host_address(const Element& element, const NetworkIp& ip, const std::string& network) {
    const SocketAddress address = to_ip_address(ip.address).value();
    if (ip.v6() || ip_prefix(ip) >= 31) return;
    if (address.zero_beyond(ip_prefix(ip)) || address.ones_beyond(ip_prefix(ip)))
        element.fail(ErrorCode::xml_error,
                     fmt::format("Invalid address '{}' in network '{}'", ip.address, network),
                     fmt::format("no host can have that one of {}", ip_subnet(ip)));
}

// Reads <lease>. DHCP counts seconds in 32 bits (RFC 2131).
std::optional<DhcpLease> parse_lease(const Element& parent) {
    const Element element = parent.child("lease");
    if (!element) return std::nullopt;
    const auto expiry =
        unsigned_attribute(element, "expiry", std::numeric_limits<std::uint32_t>::max());
    DhcpLease lease;
    lease.unit = enum_attribute(element, "unit", kLeaseUnits).value_or(LeaseUnit::minutes);
    if (!expiry) {
        parent.document().notice(element, "<lease> without expiry was left out");
        return std::nullopt;
    }
    lease.expiry = static_cast<std::uint32_t>(*expiry);
    const std::uint64_t seconds = lease_seconds(lease);
    if (seconds != 0 && seconds < kShortestLease)
        element.fail(ErrorCode::config_unsupported,
                     "The minimum lease time should be greater than 2 minutes",
                     "expiry='0' is without end");
    if (seconds > std::numeric_limits<std::uint32_t>::max())
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("a lease time of {} seconds is too long", seconds),
                     "DHCP counts up to 4294967295 seconds; expiry='0' is without end");
    return lease;
}

// Reads start or end of a range. The words of the error are those of getaddrinfo(3), which libvirt
// passes on.
SocketAddress range_address(const Element& element, std::string_view name,
                            const std::string& network) {
    const auto text = element.attribute(name);
    if (!text)
        element.fail(
            ErrorCode::xml_error,
            fmt::format("Missing '{}' attribute in dhcp range for network '{}'", name, network),
            "<range start='192.168.100.2' end='192.168.100.254'/>");
    const auto address = to_ip_address(*text);
    if (!address)
        element.fail(
            ErrorCode::system_error,
            fmt::format("Cannot parse socket address '{}': Name or service not known", *text),
            "an address of the network");
    return *address;
}

// Checks the rules of libvirt's virSocketAddrGetRange(): within the subnet, not reversed, without
// its first and last address, at most 65535 addresses.
void check_range(const Element& element, const DhcpRange& range, const NetworkIp& ip) {
    const auto start = to_ip_address(range.start).value();
    const auto end = to_ip_address(range.end).value();
    const auto own = to_ip_address(ip.address).value();
    const unsigned prefix = ip_prefix(ip);
    const std::string words = fmt::format("range {} - {}", range.start, range.end);
    const std::string hint = fmt::format("addresses of {}", ip_subnet(ip));
    const auto fail = [&](const std::string& text) {
        element.fail(ErrorCode::internal_error, text, hint);
    };
    if (start.v6 != own.v6 || end.v6 != own.v6)
        fail(fmt::format("mismatch of address family in {} for network {}", words, ip.address));
    if (end.bytes < start.bytes) fail(words + " is reversed ");
    if (!start.shares(own, prefix) || !end.shares(own, prefix))
        fail(fmt::format("{} is not entirely within network {}/{}", words, ip.address, prefix));
    if (!own.v6 && prefix < 31 && start.zero_beyond(prefix))
        fail(fmt::format("start of {} in network {}/{} is the network address", words, ip.address,
                         prefix));
    if (!own.v6 && prefix < 31 && end.ones_beyond(prefix))
        fail(fmt::format("end of {} in network {}/{} is the broadcast address", words, ip.address,
                         prefix));
    // distance_from() counts in the last 32 bits, so an IPv6 range must not differ before these.
    if (!start.shares(end, own.bits() - 32) || end.distance_from(start) > 65535)
        fail(words + " is too large (> 65535)");
}

// Throws where `name` cannot stand in a line of dnsmasq's list of clients.
void check_host_name(const Element& element, std::string_view name, const std::string& network) {
    require_one_line(element, "host name", name);
    if (!name.empty() && name.find_first_of(" ,#\"\\/") == std::string_view::npos) return;
    element.fail(ErrorCode::xml_error,
                 fmt::format("Cannot use host name '{}' in network '{}'", name, network),
                 "a host name has no blank, comma, slash, quote or #");
}

// Reads what a client is known by: hardware address for IPv4, DUID for IPv6, or name.
void parse_client(const Element& element, DhcpHost& host, const std::string& network,
                  const NetworkIp& ip) {
    host.mac = string_attribute(element, "mac");
    if (element.attribute("mac")) {
        if (ip.v6())
            element.fail(ErrorCode::xml_error,
                         fmt::format("Invalid to specify MAC address '{}' in network '{}' IPv6 "
                                     "static host definition",
                                     host.mac, network),
                         "an IPv6 host is known by id='DUID' or name");
        const auto mac = to_mac(host.mac);
        if (!mac)
            element.fail(
                ErrorCode::xml_error,
                fmt::format("Cannot parse MAC address '{}' in network '{}'", host.mac, network),
                "an address looks like 52:54:00:12:34:56");
        // The lowest bit of the first byte marks a group address, which no client sends from.
        if ((*mac)[0] & 1)
            element.fail(ErrorCode::xml_error,
                         fmt::format("expected unicast mac address, found multicast '{}' in "
                                     "network '{}'",
                                     host.mac, network),
                         "the first byte is even");
    }
    host.id = string_attribute(element, "id");
    // A DUID is written as pairs of hexadecimal digits with colons (RFC 8415, section 11).
    const std::size_t bad = host.id.find_first_not_of("0123456789abcdefABCDEF:");
    if (bad != std::string::npos)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Invalid character '{}' in id '{}' of network '{}'", host.id[bad],
                                 host.id, network),
                     "a DUID is hexadecimal digits and colons");
    if (const auto name = element.attribute("name")) {
        check_host_name(element, *name, network);
        host.name = *name;
    }
}

// Reads <dhcp>. <bootp> counts only for IPv4, with a file, and beside addresses to give out.
void parse_dhcp(const Element& parent, NetworkIp& ip, const std::string& network) {
    const Element dhcp = parent.child("dhcp");
    if (!dhcp) return;
    for (const Element& element : dhcp.children("range"))
        ip.dhcp.ranges.push_back(parse_dhcp_range(element, network, ip));
    for (const Element& element : dhcp.children("host"))
        ip.dhcp.hosts.push_back(parse_dhcp_host(element, network, ip, Given::whole));
    const Element bootp = dhcp.child("bootp");
    if (!bootp || ip.v6()) {
        if (bootp)
            parent.document().notice(bootp, "<bootp> has no meaning for IPv6 and was left out");
        return;
    }
    const auto server = bootp.attribute("server");
    ip.dhcp.bootp_file = string_attribute(bootp, "file");
    require_one_line(bootp, "boot file", ip.dhcp.bootp_file);
    if (server) {
        const auto address = to_ip_address(*server);
        if (!address)
            bootp.fail(
                ErrorCode::system_error,
                fmt::format("Cannot parse socket address '{}': Name or service not known", *server),
                "an IPv4 address");
        ip.dhcp.bootp_server = address->text();
    }
    if (ip.dhcp.bootp_file.empty() || ip.dhcp.empty()) {
        parent.document().notice(bootp,
                                 "<bootp> needs a file, and a <range> or <host> beside it; "
                                 "it was left out");
        ip.dhcp.bootp_file.clear();
        ip.dhcp.bootp_server.clear();
    }
}

// Reads <ip>. TFTP is offered on IPv4 only.
NetworkIp parse_network_ip(const Element& element, const std::string& network) {
    NetworkIp ip;
    ip.family = string_attribute(element, "family");
    ip.address = parse_address(element, ip, network).text();
    parse_mask(element, ip, network);
    require_host_address(element, ip, network);
    ip.local_ptr = enum_attribute(element, "localPtr", kYesNo);
    // One label of a name below ip6.arpa stands for 4 bits, below in-addr.arpa for 8.
    const unsigned label = ip.v6() ? 4 : 8;
    if (ip.local_ptr == true && ip_prefix(ip) % label != 0)
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("PTR domain for {} network with prefix {} cannot be automatically "
                                 "created",
                                 ip.v6() ? "IPv6" : "IPv4", ip_prefix(ip)),
                     fmt::format("a prefix that is a multiple of {}, or no localPtr", label));
    if (const Element tftp = element.child("tftp")) {
        if (ip.v6())
            tftp.fail(ErrorCode::config_unsupported,
                      fmt::format("Unsupported <tftp> element in an IPv6 element in network '{}'",
                                  network),
                      "put it into the IPv4 <ip>");
        ip.tftp_root = string_attribute(tftp, "root");
        require_one_line(tftp, "tftp root", ip.tftp_root);
        if (ip.tftp_root.empty())
            element.document().notice(tftp, "<tftp> without a root was left out");
    }
    parse_dhcp(element, ip, network);
    return ip;
}

}  // namespace

// An address outside the subnet is refused here, so dnsmasq always finds the range's interface.
DhcpRange parse_dhcp_range(const Element& element, const std::string& network,
                           const NetworkIp& ip) {
    DhcpRange range;
    range.start = range_address(element, "start", network).text();
    range.end = range_address(element, "end", network).text();
    check_range(element, range, ip);
    range.lease = parse_lease(element);
    return range;
}

// Reads <host> of <dhcp>. With Given::key any one of the fields suffices to find the entry; a whole
// one needs an identity, and an address in the subnet.
DhcpHost parse_dhcp_host(const Element& element, const std::string& network, const NetworkIp& ip,
                         Given given) {
    DhcpHost host;
    parse_client(element, host, network, ip);
    const std::string_view hint = "<host mac='52:54:00:12:34:56' name='web' ip='192.168.100.9'/>";
    // IPv4 clients are known by their hardware address, IPv6 clients by their DUID.
    const bool known = !host.name.empty() || (ip.v6() ? !host.id.empty() : !host.mac.empty());
    const auto text = element.attribute("ip");
    if (given == Given::key && !known && !text)
        element.fail(ErrorCode::xml_error,
                     fmt::format("At least one of name, mac, or ip attribute must be specified for "
                                 "static host definition in network '{}'",
                                 network),
                     hint);
    if (given == Given::whole && !known)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Static host definition in {} network '{}' must have {} or name "
                                 "attribute",
                                 ip.v6() ? "IPv6" : "IPv4", network, ip.v6() ? "id" : "mac"),
                     hint);
    if (given == Given::whole && !text)
        element.fail(
            ErrorCode::xml_error,
            fmt::format("Missing IP address in static host definition for network '{}'", network),
            hint);
    if (text) {
        const auto address = to_ip_address(*text);
        const auto own = to_ip_address(ip.address).value();
        if (!address || address->v6 != own.v6 ||
            // An entry to be deleted may have any address of the family, a new one needs an address
            // of the subnet.
            (given == Given::whole && !address->shares(own, ip_prefix(ip))))
            element.fail(
                ErrorCode::xml_error,
                fmt::format("Invalid IP address in static host definition for network '{}'",
                            network),
                fmt::format("'{}' is no address of {}", *text, ip_subnet(ip)));
        host.ip = address->text();
    }
    host.lease = parse_lease(element);
    return host;
}

// Reads all <ip> elements. Addresses must be unique, and only one subnet of each family may have
// <dhcp>, since dnsmasq is given one of each.
void parse_network_ips(const Element& root, Network& out) {
    std::set<std::string> addresses;
    bool has_dhcp[2] = {false, false};  // of IPv4, of IPv6
    const std::vector<Element> elements = root.children("ip");
    out.ips.reserve(elements.size());
    for (const Element& element : elements) {
        NetworkIp ip = parse_network_ip(element, out.name);
        if (!addresses.insert(ip.address).second)
            element.fail(
                ErrorCode::xml_error,
                fmt::format("address '{}' stands twice in network '{}'", ip.address, out.name),
                "remove one <ip>");
        bool& dhcp = has_dhcp[ip.v6() ? 1 : 0];
        if (dhcp && !ip.dhcp.empty())
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("Multiple {0} dhcp sections found -- dhcp is supported "
                                     "only for a single {0} address on each network",
                                     ip.v6() ? "IPv6" : "IPv4"),
                         "remove one <dhcp>");
        dhcp = dhcp || !ip.dhcp.empty();
        out.ips.push_back(std::move(ip));
    }
}

// Reads the <route> elements. A gateway must be in one of the network's own subnets, because the
// kernel refuses a route to a gateway that no link reaches.
void parse_network_routes(const Element& root, Network& out) {
    out.routes = parse_routes(root, out.name);
    for (const Route& route : out.routes) {
        const auto gateway = to_ip_address(route.gateway).value();
        const bool reachable =
            std::any_of(out.ips.begin(), out.ips.end(), [&gateway](const NetworkIp& ip) {
                return gateway.shares(to_ip_address(ip.address).value(), ip_prefix(ip));
            });
        if (!reachable)
            root.fail(ErrorCode::config_unsupported,
                      fmt::format("unreachable static route gateway '{}' specified for network "
                                  "'{}'",
                                  route.gateway, out.name),
                      "the gateway is in the subnet of an <ip>");
    }
}

}  // namespace lxvirt::xml
