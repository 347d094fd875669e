// Formats networks and ports as libvirt prints them: the order of the elements is that of
// net-dumpxml and net-port-dumpxml of libvirt 9.0.0.
#include "xml/domain/format_parts.hh"
#include "xml/domain/names.hh"
#include "xml/network/document.hh"
#include "xml/network/names.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Writes the start of <network>. The prefix of dnsmasq's namespace is declared only where it is
// used, and the count of connections is a fact of a running network.
void format_root(Writer& out, const Network& network, bool live) {
    out.start("network");
    if (!network.dnsmasq_options.empty()) out.attribute("xmlns:dnsmasq", kDnsmasqNamespace);
    if (live && network.connections != 0)
        out.attribute("connections", std::uint64_t{network.connections});
    if (network.ipv6) out.attribute("ipv6", "yes");
    if (network.trust_guest_rx_filters)
        out.attribute("trustGuestRxFilters", name_of(kYesNo, *network.trust_guest_rx_filters));
    out.children();
}

// Writes <nat> only if something in it differs from the default, as libvirt does.
void format_nat(Writer& out, const Nat& nat) {
    if (!nat.ipv6 && !nat.address && !nat.port) return;
    out.start("nat");
    if (nat.ipv6) out.attribute("ipv6", "yes");
    if (!nat.address && !nat.port) return out.empty();
    out.children();
    if (nat.address) {
        out.start("address");
        out.attribute("start", nat.address->start);
        out.attribute("end", nat.address->end);
        out.empty();
    }
    if (nat.port) {
        out.start("port");
        out.attribute("start", std::uint64_t{nat.port->start});
        out.attribute("end", std::uint64_t{nat.port->end});
        out.empty();
    }
    out.end("nat");
}

// Writes <forward>. libvirt repeats the first interface as the attribute dev. With <pf> the
// interfaces are its virtual functions, which are listed for a running network only.
void format_forward(Writer& out, const Forward& forward, bool live) {
    if (forward.mode == ForwardMode::none) return;
    const Nat& nat = forward.nat;
    const bool show_interfaces = !forward.interfaces.empty() && (forward.pf.empty() || live);
    out.start("forward");
    if (forward.pf.empty() && !forward.interfaces.empty())
        out.attribute("dev", forward.interfaces.front().dev);
    out.attribute("mode", name_of(kForwardModes, forward.mode));
    if (!show_interfaces && forward.pf.empty() && forward.driver.empty() && !nat.ipv6 &&
        !nat.address && !nat.port)
        return out.empty();
    out.children();
    format_one(out, "driver", "name", forward.driver);
    format_nat(out, nat);
    format_one(out, "pf", "dev", forward.pf);
    if (show_interfaces)
        for (const ForwardInterface& interface : forward.interfaces) {
            out.start("interface");
            out.attribute("dev", interface.dev);
            if (live && interface.connections != 0)
                out.attribute("connections", std::uint64_t{interface.connections});
            out.empty();
        }
    out.end("forward");
}

// Writes <bridge>, <mtu> and <mac>. stp and delay are printed for a bridge that the network makes,
// also with their defaults.
void format_bridge(Writer& out, const Network& network) {
    const Bridge& bridge = network.bridge;
    if (network.makes_bridge() || !bridge.name.empty() || bridge.mac_table_manager) {
        out.start("bridge");
        out.attribute_if("name", bridge.name);
        out.attribute_if("zone", bridge.zone);
        if (network.makes_bridge()) {
            out.attribute("stp", name_of(kOnOff, bridge.stp));
            out.attribute("delay", std::uint64_t{bridge.delay});
        }
        if (bridge.mac_table_manager)
            out.attribute("macTableManager", name_of(kMacTableManagers, *bridge.mac_table_manager));
        out.empty();
    }
    if (network.mtu) format_one(out, "mtu", "size", std::to_string(*network.mtu));
    format_one(out, "mac", "address", network.mac);
}

// Writes <dns>. libvirt prints it only if it differs from the default.
void format_dns(Writer& out, const Dns& dns) {
    const bool has_data =
        !dns.forwarders.empty() || !dns.txts.empty() || !dns.srvs.empty() || !dns.hosts.empty();
    if (!has_data && !dns.enable && !dns.forward_plain_names) return;
    out.start("dns");
    if (dns.enable) out.attribute("enable", name_of(kYesNo, *dns.enable));
    if (dns.forward_plain_names)
        out.attribute("forwardPlainNames", name_of(kYesNo, *dns.forward_plain_names));
    if (!has_data) return out.empty();
    out.children();
    for (const DnsForwarder& forwarder : dns.forwarders) {
        out.start("forwarder");
        out.attribute_if("domain", forwarder.domain);
        out.attribute_if("addr", forwarder.addr);
        out.empty();
    }
    for (const DnsTxt& txt : dns.txts) {
        out.start("txt");
        out.attribute("name", txt.name);
        out.attribute("value", txt.value);
        out.empty();
    }
    for (const DnsSrv& srv : dns.srvs) {
        out.start("srv");
        out.attribute("service", srv.service);
        out.attribute("protocol", srv.protocol);
        out.attribute_if("domain", srv.domain);
        out.attribute_if("target", srv.target);
        out.attribute_if("port", srv.port);
        out.attribute_if("priority", srv.priority);
        out.attribute_if("weight", srv.weight);
        out.empty();
    }
    for (const DnsHost& host : dns.hosts) {
        out.start("host");
        out.attribute("ip", host.ip);
        out.children();
        for (const std::string& name : host.hostnames) out.text("hostname", name);
        out.end("host");
    }
    out.end("dns");
}

// Ends the element `name` after its attributes, with <lease> in it if there is one.
void format_lease(Writer& out, std::string_view name, const std::optional<DhcpLease>& lease) {
    if (!lease) return out.empty();
    out.children();
    out.start("lease");
    out.attribute("expiry", std::uint64_t{lease->expiry});
    // libvirt prints no unit for a lease that never ends.
    if (lease->expiry != 0) out.attribute("unit", name_of(kLeaseUnits, lease->unit));
    out.empty();
    out.end(name);
}

// Writes <dhcp>. <bootp> comes last, whatever place it had in the document.
void format_dhcp(Writer& out, const Dhcp& dhcp) {
    if (dhcp.empty()) return;
    out.start("dhcp");
    out.children();
    for (const DhcpRange& range : dhcp.ranges) {
        out.start("range");
        out.attribute("start", range.start);
        out.attribute("end", range.end);
        format_lease(out, "range", range.lease);
    }
    for (const DhcpHost& host : dhcp.hosts) format_dhcp_host(out, host);
    if (!dhcp.bootp_file.empty()) {
        out.start("bootp");
        out.attribute("file", dhcp.bootp_file);
        out.attribute_if("server", dhcp.bootp_server);
        out.empty();
    }
    out.end("dhcp");
}

// Writes <ip>. libvirt never closes it as an empty element.
void format_ip(Writer& out, const NetworkIp& ip) {
    out.start("ip");
    out.attribute_if("family", ip.family);
    out.attribute("address", ip.address);
    out.attribute_if("netmask", ip.netmask);
    out.attribute_if("prefix", ip.prefix);
    if (ip.local_ptr) out.attribute("localPtr", name_of(kYesNo, *ip.local_ptr));
    out.children();
    format_one(out, "tftp", "root", ip.tftp_root);
    format_dhcp(out, ip.dhcp);
    out.end("ip");
}

// Writes <portgroup>; `default` is printed only if it is yes.
void format_portgroup(Writer& out, const PortGroup& group) {
    out.start("portgroup");
    out.attribute("name", group.name);
    if (group.is_default) out.attribute("default", "yes");
    if (group.trust_guest_rx_filters)
        out.attribute("trustGuestRxFilters", name_of(kYesNo, *group.trust_guest_rx_filters));
    out.children();
    if (group.vlan) format_vlan(out, *group.vlan);
    if (group.virtualport) format_virtual_port(out, *group.virtualport);
    if (group.bandwidth) format_bandwidth(out, *group.bandwidth);
    out.end("portgroup");
}

// Writes the options in the order of the document, since a later line of dnsmasq's configuration
// may override an earlier one.
void format_dnsmasq_options(Writer& out, const std::vector<std::string>& options) {
    if (options.empty()) return;
    out.start("dnsmasq:options");
    out.children();
    for (const std::string& option : options) {
        out.start("dnsmasq:option");
        out.attribute("value", option);
        out.empty();
    }
    out.end("dnsmasq:options");
}

// Writes <plug>, which a port that is not plugged into anything lacks.
void format_plug(Writer& out, const NetworkPort& port) {
    if (port.plug == PlugType::none) return;
    out.start("plug");
    out.attribute("type", name_of(kPlugTypes, port.plug));
    out.attribute_if("bridge", port.plug_bridge);
    if (port.mac_table_manager)
        out.attribute("macTableManager", name_of(kMacTableManagers, *port.mac_table_manager));
    out.attribute_if("dev", port.plug_dev);
    if (port.plug_mode) out.attribute("mode", name_of(kDirectModes, *port.plug_mode));
    out.empty();
}

}  // namespace

void format_dhcp_host(Writer& out, const DhcpHost& host) {
    out.start("host");
    out.attribute_if("mac", host.mac);
    out.attribute_if("id", host.id);
    out.attribute_if("name", host.name);
    out.attribute_if("ip", host.ip);
    format_lease(out, "host", host.lease);
}

std::string format_network(const Network& network, const FormatOptions& options) {
    Writer out(options.indent);
    format_root(out, network, options.live);
    out.text("name", network.name);
    out.text_if("uuid", network.uuid);
    format_metadata(out, network.metadata);
    format_forward(out, network.forward, options.live);
    format_bridge(out, network);
    if (network.domain) {
        out.start("domain");
        out.attribute("name", network.domain->name);
        if (network.domain->local_only)
            out.attribute("localOnly", name_of(kYesNo, *network.domain->local_only));
        out.empty();
    }
    format_dns(out, network.dns);
    if (network.vlan) format_vlan(out, *network.vlan);
    if (network.bandwidth) format_bandwidth(out, *network.bandwidth);
    if (network.isolated) format_one(out, "port", "isolated", name_of(kYesNo, *network.isolated));
    for (const NetworkIp& ip : network.ips) format_ip(out, ip);
    format_routes(out, network.routes);
    if (network.virtualport) format_virtual_port(out, *network.virtualport);
    for (const PortGroup& group : network.portgroups) format_portgroup(out, group);
    format_dnsmasq_options(out, network.dnsmasq_options);
    format_extension(out, network);
    out.end("network");
    return out.take();
}

// The element <group> is the name of a port group, and classID is known for a running port only.
std::string format_network_port(const NetworkPort& port, const FormatOptions& options) {
    Writer out(options.indent);
    out.start("networkport");
    out.children();
    out.text_if("uuid", port.uuid);
    out.start("owner");
    out.children();
    out.text("name", port.owner_name);
    out.text("uuid", port.owner_uuid);
    out.end("owner");
    out.text_if("group", port.group);
    format_one(out, "mac", "address", port.mac);
    if (port.virtualport) format_virtual_port(out, *port.virtualport);
    if (port.bandwidth) format_bandwidth(out, *port.bandwidth, port.class_id);
    if (port.vlan) format_vlan(out, *port.vlan);
    if (port.isolated) format_one(out, "port", "isolated", name_of(kYesNo, *port.isolated));
    if (port.trust_guest_rx_filters)
        format_one(out, "rxfilters", "trustGuest", name_of(kYesNo, *port.trust_guest_rx_filters));
    format_plug(out, port);
    out.end("networkport");
    return out.take();
}

}  // namespace lxvirt::xml
