#include "netd/dnsmasq_config.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text/text.hh"
#include "xml/document/values.hh"

namespace lxvirt::netd {

namespace {

using xml::LeaseUnit;

bool dns_is_on(const xml::Network& network) {
    return network.dns.enable.value_or(true);
}

// Quotes a value for dnsmasq: inside quotes '#' and ',' have no meaning, and a backslash escapes a
// quote and itself (read_file() in dnsmasq's option.c).
std::string quoted(std::string_view value) {
    std::string result = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

// Returns a path that dnsmasq reads as it is, quoted if necessary.
std::string path(const std::string& value) {
    return value.find_first_of("\"\\# ,") == std::string::npos ? value : quoted(value);
}

// Returns a lease as dnsmasq takes it: a number with the unit s, m or h, or the word infinite.
std::string lease_text(const xml::DhcpLease& lease) {
    if (lease.expiry == 0) return "infinite";
    static constexpr std::string_view kUnits[] = {"s", "m", "h"};
    return fmt::format("{}{}", lease.expiry, kUnits[static_cast<std::size_t>(lease.unit)]);
}
// kUnits is in the order of the enumerators.
static_assert(static_cast<int>(LeaseUnit::seconds) == 0 &&
              static_cast<int>(LeaseUnit::minutes) == 1 && static_cast<int>(LeaseUnit::hours) == 2);

// Returns the zone of reverse names of a subnet (RFC 1035, RFC 3596). parse_network() has refused a
// prefix that does not end at a label of the zone.
std::string reverse_zone(const xml::NetworkIp& ip) {
    const auto address = xml::to_ip_address(ip.address).value_or(xml::SocketAddress{});
    const unsigned prefix = xml::ip_prefix(ip);
    std::string zone;
    if (!address.v6) {
        for (unsigned i = prefix / 8; i-- > 0;) zone += fmt::format("{}.", address.bytes[i]);
        return zone + "in-addr.arpa";
    }
    for (unsigned i = prefix / 4; i-- > 0;)
        zone += fmt::format("{:x}.", address.bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15);
    return zone + "ip6.arpa";
}

// Appends the options about names. strict-order keeps the order of the servers, as in libvirt's
// configuration; port=0 switches DNS off.
void add_dns(const xml::Network& network, std::string& out) {
    out += "strict-order\n";
    if (!dns_is_on(network)) out += "port=0\n";
    bool any_for_all = false;
    for (const xml::DnsForwarder& forwarder : network.dns.forwarders) {
        any_for_all = any_for_all || forwarder.domain.empty();
        // '#' stands for the servers of the host's resolv.conf.
        const std::string server = forwarder.addr.empty() ? "#" : forwarder.addr;
        out += forwarder.domain.empty() ? fmt::format("server={}\n", server)
                                        : fmt::format("server=/{}/{}\n", forwarder.domain, server);
    }
    if (any_for_all) out += "no-resolv\n";
    if (network.domain) {
        const std::string& name = network.domain->name;
        if (network.domain->local_only.value_or(false)) out += fmt::format("local=/{}/\n", name);
        out += fmt::format("domain={}\nexpand-hosts\n", name);
    }
    for (const xml::NetworkIp& ip : network.ips)
        if (ip.local_ptr.value_or(false)) out += fmt::format("local=/{}/\n", reverse_zone(ip));
    if (!network.dns.forward_plain_names.value_or(true)) out += "domain-needed\nlocal=//\n";
}

// Appends where dnsmasq runs: user, files, and the bridge. bind-dynamic makes it bind to the
// bridge's addresses, so that other servers can use port 53 on other addresses.
void add_place(const xml::Network& network, const DnsmasqPaths& paths, std::string& out) {
    out += fmt::format("pid-file={}\n", path(paths.pid_file));
    if (!paths.user.empty()) out += fmt::format("user={}\n", paths.user);
    if (!paths.group.empty()) out += fmt::format("group={}\n", paths.group);
    out += fmt::format("except-interface=lo\nbind-dynamic\ninterface={}\n", network.bridge.name);
    if (network.forward.mode != xml::ForwardMode::none) return;
    // An isolated network leads nowhere: offer no default router (option 3), and ask no server for
    // other names.
    out += "dhcp-option=3\nno-resolv\nra-param=*,0,0\n";
}

// Returns the value of a TXT record. A text with quotes around it is taken as its author wrote it
// for dnsmasq.
std::string txt_value(const std::string& value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') return value;
    return value.find_first_of(",#\\\"") == std::string::npos ? value : quoted(value);
}

// Returns target,port,priority,weight: only fields at the end may be left out. Without a target the
// record says that there is no such service (RFC 2782).
std::string srv_text(const xml::DnsSrv& srv) {
    std::string text = fmt::format("_{}._{}", srv.service, srv.protocol);
    if (!srv.domain.empty()) text += "." + srv.domain;
    if (srv.target.empty() || srv.target == ".") return text;
    text += "," + srv.target;
    if (srv.port || srv.priority || srv.weight) text += fmt::format(",{}", srv.port.value_or(1));
    if (srv.priority || srv.weight) text += fmt::format(",{}", srv.priority.value_or(0));
    if (srv.weight) text += fmt::format(",{}", *srv.weight);
    return text;
}

// Appends the records of the DNS; addresses are in the file of dnsmasq_addn_hosts().
void add_records(const xml::Network& network, std::string& out) {
    for (const xml::DnsTxt& txt : network.dns.txts)
        out += fmt::format("txt-record={},{}\n", txt.name, txt_value(txt.value));
    for (const xml::DnsSrv& srv : network.dns.srvs)
        out += fmt::format("srv-host={}\n", srv_text(srv));
}

// Returns START,END,SIZE[,LEASE]: the size is a netmask for IPv4 and a prefix for IPv6.
std::string range_text(const xml::NetworkIp& ip, const xml::DhcpRange& range) {
    const std::string size =
        ip.v6() ? std::to_string(xml::ip_prefix(ip)) : xml::prefix_mask(xml::ip_prefix(ip)).text();
    const std::string lease = range.lease ? "," + lease_text(*range.lease) : "";
    return fmt::format("{},{},{}{}", range.start, range.end, size, lease);
}

// Returns the number of addresses; parse_network() has limited it to 65536.
std::uint32_t range_size(const xml::DhcpRange& range) {
    const auto start = xml::to_ip_address(range.start), end = xml::to_ip_address(range.end);
    return start && end ? end->distance_from(*start) + 1 : 0;
}

// Appends the options of TFTP, which dnsmasq serves from a folder of the host.
void add_tftp(const xml::NetworkIp& ip, std::string& out) {
    if (!ip.tftp_root.empty())
        out += fmt::format("enable-tftp\ntftp-root={}\n", path(ip.tftp_root));
}

// Appends the options of DHCP, and adds the number of leases that are possible to `most`.
void add_dhcp(const xml::NetworkIp& ip, std::uint32_t& most, std::string& out) {
    if (ip.dhcp.empty()) return;
    for (const xml::DhcpRange& range : ip.dhcp.ranges) {
        out += fmt::format("dhcp-range={}\n", range_text(ip, range));
        most += range_size(range);
    }
    // Without a range dnsmasq serves only the hosts that are listed, but wants a range all the
    // same.
    if (ip.dhcp.ranges.empty())
        out += ip.v6() ? fmt::format("dhcp-range={},static,{}\n", ip.address, xml::ip_prefix(ip))
                       : fmt::format("dhcp-range={},static\n", ip.address);
    most += static_cast<std::uint32_t>(ip.dhcp.hosts.size());
    if (ip.v6()) return;
    // dhcp-authoritative answers clients that ask for a lease which dnsmasq does not know;
    // dhcp-no-override keeps the boot file in its own field.
    out += "dhcp-no-override\ndhcp-authoritative\n";
    if (ip.dhcp.bootp_file.empty()) return;
    out += fmt::format("dhcp-boot={}", path(ip.dhcp.bootp_file));
    if (!ip.dhcp.bootp_server.empty()) out += ",," + ip.dhcp.bootp_server;
    out += '\n';
}

// Options by which dnsmasq runs a program, reads options that nobody has looked at, writes
// elsewhere, or needs a socket that the filter refuses (dnsmasq(8)).
constexpr std::string_view kBeyond[] = {
    "conf-dir",     "conf-file",      "conf-script",    "connmark-allowlist-enable",
    "conntrack",    "dhcp-leasefile", "dhcp-luascript", "dhcp-script",
    "dumpfile",     "enable-dbus",    "enable-ubus",    "ipset",
    "leasefile-ro", "nftset",
};

}  // namespace

bool needs_dnsmasq(const xml::Network& network) {
    if (!network.makes_bridge() || network.ips.empty()) return false;
    return dns_is_on(network) ||
           std::any_of(network.ips.begin(), network.ips.end(), [](const xml::NetworkIp& ip) {
               return !ip.dhcp.empty() || !ip.tftp_root.empty() || ip.v6();
           });
}

std::string dnsmasq_config(const xml::Network& network, const DnsmasqPaths& paths) {
    std::string out;
    add_dns(network, out);
    add_place(network, paths, out);
    add_records(network, out);
    std::uint32_t most = 0;
    bool dhcp = false, dhcp6 = false;
    for (const xml::NetworkIp& ip : network.ips) {
        add_tftp(ip, out);
        add_dhcp(ip, most, out);
        dhcp = dhcp || !ip.dhcp.empty();
        dhcp6 = dhcp6 || (ip.v6() && !ip.dhcp.empty());
    }
    // dnsmasq would stop at 1000 leases otherwise.
    if (most != 0) out += fmt::format("dhcp-lease-max={}\n", most);
    if (dhcp)
        out += fmt::format("dhcp-leasefile={}\ndhcp-hostsfile={}\n", path(paths.leases),
                           path(paths.hosts));
    if (dhcp && !paths.names.empty()) out += fmt::format("dhcp-hostsdir={}\n", path(paths.names));
    if (dns_is_on(network)) {
        out += fmt::format("addn-hosts={}\n", path(paths.addn_hosts));
        if (!paths.addresses.empty()) out += fmt::format("hostsdir={}\n", path(paths.addresses));
    }
    if (network.mtu) out += fmt::format("dhcp-option=option:mtu,{}\n", *network.mtu);
    // Containers need router advertisements for a default route over IPv6, also without DHCPv6.
    if (dhcp6)
        out += "enable-ra\n";
    else
        for (const xml::NetworkIp& ip : network.ips)
            if (ip.v6()) out += fmt::format("dhcp-range={},ra-only\n", ip.address);
    // A container can send thousands of requests a second; each would be two lines of the log.
    if (dhcp) out += "quiet-dhcp\n";
    const bool v6 = std::any_of(network.ips.begin(), network.ips.end(),
                                [](const xml::NetworkIp& ip) { return ip.v6(); });
    if (v6) out += "quiet-dhcp6\nquiet-ra\n";
    // Options of the document come last, so that they win.
    for (const std::string& option : network.dnsmasq_options) out += option + "\n";
    return out;
}

bool can_be_confined(const xml::Network& network) {
    return std::none_of(
        network.dnsmasq_options.begin(), network.dnsmasq_options.end(),
        [](const std::string& option) {
            const auto name = base::trim(std::string_view(option).substr(0, option.find('=')));
            return std::find(std::begin(kBeyond), std::end(kBeyond), name) != std::end(kBeyond);
        });
}

std::string dnsmasq_hosts(const xml::Network& network) {
    std::string out;
    for (const xml::NetworkIp& ip : network.ips)
        for (const xml::DhcpHost& host : ip.dhcp.hosts) {
            // The fields are MAC or id:DUID, then the name before a bracketed address for IPv6,
            // after the address for IPv4.
            std::string line = host.mac;
            const auto add = [&line](const std::string& field) {
                if (field.empty()) return;
                if (!line.empty()) line += ',';
                line += field;
            };
            add(host.id.empty() ? "" : "id:" + host.id);
            if (ip.v6()) add(host.name);
            add(ip.v6() ? fmt::format("[{}]", host.ip) : host.ip);
            if (!ip.v6()) add(host.name);
            if (host.lease) add(lease_text(*host.lease));
            out += line + "\n";
        }
    return out;
}

std::string dnsmasq_addn_hosts(const xml::Network& network) {
    std::string out;
    for (const xml::DnsHost& host : network.dns.hosts) {
        // The form is that of hosts(5).
        out += host.ip;
        for (const std::string& name : host.hostnames) out += "\t" + name;
        out += '\n';
    }
    return out;
}

}  // namespace lxvirt::netd
