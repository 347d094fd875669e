// Formats <interface>, in the order in which libvirt 9.0.0 prints its parts.
#include "xml/domain/format_parts.hh"
#include "xml/domain/names.hh"

namespace lxvirt::xml {

namespace {

// Writes <source>. libvirt prints what the network chose (portid, bridge, dev) for a running domain
// only.
void format_source(Writer& out, const Interface& interface, bool live) {
    if (interface.type == InterfaceType::ethernet) {
        if (interface.source_ips.empty() && interface.source_routes.empty()) return;
        out.start("source");
        out.children();
        format_ips(out, interface.source_ips);
        format_routes(out, interface.source_routes);
        out.end("source");
        return;
    }
    out.start("source");
    out.attribute(
        interface.type == InterfaceType::direct ? "dev" : name_of(kInterfaceTypes, interface.type),
        interface.source);
    out.attribute_if("portgroup", interface.portgroup);
    if (live) {
        out.attribute_if("portid", interface.portid);
        out.attribute_if("bridge", interface.actual_bridge);
        out.attribute_if("dev", interface.actual_dev);
    }
    if (interface.type == InterfaceType::direct)
        out.attribute("mode", name_of(kDirectModes, interface.mode.value_or(DirectMode::vepa)));
    out.empty();
}

// Writes a direction of <bandwidth>; libvirt leaves out a value of 0.
void format_limit(Writer& out, std::string_view name, const std::optional<BandwidthLimit>& limit) {
    if (!limit) return;
    const auto number = [&out](std::string_view attribute, std::optional<std::uint64_t> value) {
        if (value.value_or(0) != 0) out.attribute(attribute, *value);
    };
    out.start(name);
    number("average", limit->average);
    number("peak", limit->peak);
    number("floor", limit->floor);
    number("burst", limit->burst);
    out.empty();
}

// Writes <filterref>, empty if there are no parameters.
void format_filter(Writer& out, const Interface& interface) {
    out.start("filterref");
    out.attribute("filter", *interface.filterref);
    if (interface.filter_parameters.empty()) return out.empty();
    out.children();
    for (const auto& [name, value] : interface.filter_parameters) {
        out.start("parameter");
        out.attribute("name", name);
        out.attribute("value", value);
        out.empty();
    }
    out.end("filterref");
}

}  // namespace

// Writes <name attribute='value'/>, or nothing where `value` is empty, which is how an absent value
// looks for all callers.
void format_one(Writer& out, std::string_view name, std::string_view attribute,
                std::string_view value) {
    if (value.empty()) return;
    out.start(name);
    out.attribute(attribute, value);
    out.empty();
}

void format_vlan(Writer& out, const Vlan& vlan) {
    out.start("vlan");
    if (vlan.trunk) out.attribute("trunk", "yes");
    out.children();
    for (const VlanTag& tag : vlan.tags) {
        out.start("tag");
        out.attribute("id", std::uint64_t{tag.id});
        out.attribute_if("nativeMode", tag.native_mode);
        out.empty();
    }
    out.end("vlan");
}

void format_virtual_port(Writer& out, const VirtualPort& port) {
    out.start("virtualport");
    out.attribute_if("type", port.type);
    if (port.parameters.empty()) return out.empty();
    out.children();
    out.start("parameters");
    for (const auto& [name, value] : port.parameters) out.attribute(name, value);
    out.empty();
    out.end("virtualport");
}

// classID is the kernel's traffic class, which only a running port has.
void format_bandwidth(Writer& out, const Bandwidth& bandwidth,
                      const std::optional<unsigned>& class_id) {
    out.start("bandwidth");
    out.attribute_if("classID", class_id);
    out.children();
    format_limit(out, "inbound", bandwidth.inbound);
    format_limit(out, "outbound", bandwidth.outbound);
    out.end("bandwidth");
}

// libvirt prints the address before the family here, unlike in a <network>.
void format_ips(Writer& out, const std::vector<IpAddress>& ips) {
    for (const IpAddress& ip : ips) {
        out.start("ip");
        out.attribute("address", ip.address);
        out.attribute_if("family", ip.family);
        out.attribute_if("prefix", ip.prefix);
        out.attribute_if("peer", ip.peer);
        out.empty();
    }
}

void format_routes(Writer& out, const std::vector<Route>& routes) {
    for (const Route& route : routes) {
        out.start("route");
        out.attribute_if("family", route.family);
        out.attribute("address", route.address);
        out.attribute_if("netmask", route.netmask);
        out.attribute_if("prefix", route.prefix);
        out.attribute("gateway", route.gateway);
        out.attribute_if("metric", route.metric);
        out.empty();
    }
}

void format(Writer& out, const Interface& interface, bool live) {
    out.start("interface");
    out.attribute("type", name_of(kInterfaceTypes, interface.type));
    out.children();
    format_one(out, "mac", "address", interface.mac);
    format_source(out, interface, live);
    if (interface.vlan) format_vlan(out, *interface.vlan);
    if (interface.virtualport) format_virtual_port(out, *interface.virtualport);
    if (interface.bandwidth) format_bandwidth(out, *interface.bandwidth);
    if (interface.isolated)
        format_one(out, "port", "isolated", name_of(kYesNo, *interface.isolated));
    format_ips(out, interface.ips);
    format_routes(out, interface.routes);
    format_one(out, "script", "path", interface.script);
    format_one(out, "target", "dev", interface.target);
    format_one(out, "guest", "dev", interface.guest);
    format_one(out, "model", "type", interface.model);
    if (interface.filterref) format_filter(out, interface);
    if (interface.link_up) format_one(out, "link", "state", name_of(kUpDown, *interface.link_up));
    if (interface.mtu) format_one(out, "mtu", "size", std::to_string(*interface.mtu));
    format_alias(out, interface.alias, live);
    out.end("interface");
}

}  // namespace lxvirt::xml
