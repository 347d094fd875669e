// Parses <interface>; the elements that it shares with others are in parse_interface_parts.cc.
#include <fmt/format.h>

#include <algorithm>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Returns the type. libvirt's default is 'user', which a container cannot have.
InterfaceType parse_type(const Element& element) {
    const std::string_view type = element.attribute("type").value_or("user");
    if (has_word(kForeignInterfaceTypes, type))
        element.fail(ErrorCode::internal_error, fmt::format("Unsupported network type {}", type),
                     fmt::format("type is {}", list_of(kInterfaceTypes)));
    return enum_attribute(element, "type", kInterfaceTypes).value();
}

// Reads <mac>. A multicast address, with the lowest bit of the first byte set, cannot be a
// device's.
void parse_mac(const Element& interface, Interface& out) {
    const Element element = interface.child("mac");
    if (!element) return;
    const auto text = element.attribute("address");
    if (!text) return;
    const auto mac = to_mac(*text);
    if (!mac)
        element.fail(ErrorCode::xml_error, fmt::format("unable to parse mac address '{}'", *text),
                     "an address looks like 52:54:00:12:34:56");
    if ((*mac)[0] & 1)
        element.fail(ErrorCode::xml_error,
                     fmt::format("expected unicast mac address, found multicast '{}'", *text),
                     "the first byte is even");
    if (*mac == MacAddress{})
        element.fail(ErrorCode::xml_error, fmt::format("unable to use mac address '{}'", *text),
                     "no device can have the address zero");
    out.mac = mac_text(*mac);
}

// Reads <source>, whose attribute has the name of the type, or is `dev` for a direct interface.
void parse_source(const Element& interface, Interface& out, bool live) {
    const Element source = interface.child("source");
    if (out.type == InterfaceType::ethernet) {
        if (!source) return;
        out.source_ips = parse_ips(source);
        out.source_routes = parse_routes(source);
        return;
    }
    const std::string_view attribute =
        out.type == InterfaceType::direct ? "dev" : name_of(kInterfaceTypes, out.type);
    if (source && out.type == InterfaceType::network)
        out.source = string_attribute(source, attribute);
    else if (source)
        out.source = link_name_attribute(source, attribute);
    if (out.source.empty())
        interface.fail(ErrorCode::xml_error,
                       fmt::format("interface type='{}' requires a 'source' element",
                                   name_of(kInterfaceTypes, out.type)),
                       fmt::format("<source {}='...'/>", attribute));
    if (out.type == InterfaceType::direct)
        out.mode = enum_attribute(source, "mode", kDirectModes).value_or(DirectMode::vepa);
    if (out.type != InterfaceType::network) return;
    out.portgroup = string_attribute(source, "portgroup");
    // A live document tells what the network plugged the interface into; a definition does not keep
    // that.
    const std::string portid = string_attribute(source, "portid");
    const std::string bridge = string_attribute(source, "bridge");
    if (!live) return;
    out.portid = portid;
    out.actual_bridge = bridge;
    out.actual_dev = string_attribute(source, "dev");
}

}  // namespace

bool is_generated_name(std::string_view name) {
    for (const std::string_view prefix : {"vnet", "macvtap", "macvlan"})
        if (name.substr(0, prefix.size()) == prefix) return true;
    return false;
}

namespace {

void parse_names(const Element& interface, Interface& out, bool live) {
    if (const Element target = interface.child("target")) {
        out.target = string_attribute(target, "dev");
        if (!live && is_generated_name(out.target)) out.target.clear();
        if (!out.target.empty()) out.target = link_name_attribute(target, "dev");
    }
    if (const Element guest = interface.child("guest")) {
        out.guest = link_name_attribute(guest, "dev");
        guest.ignore("actual");
    }
}

// Reads <filterref>. lxvirt has no network filters; the place is kept for a start, which refuses
// the domain.
void parse_filter(const Element& interface, Interface& out) {
    const Element filter = interface.child("filterref");
    if (!filter) return;
    out.filterref = string_attribute(filter, "filter");
    out.filterref_place = fmt::format("{}:{}", filter.document().file(), filter.line());
    if (out.filterref->empty())
        filter.fail(ErrorCode::xml_error,
                    "Missing required attribute 'filter' in element 'filterref'",
                    "<filterref filter='clean-traffic'/>");
    for (const Element& parameter : filter.children("parameter"))
        out.filter_parameters.emplace_back(string_attribute(parameter, "name"),
                                           string_attribute(parameter, "value"));
    std::sort(out.filter_parameters.begin(),
              out.filter_parameters.end());  // libvirt prints them sorted
}

// Reads <mtu> in bytes.
std::optional<unsigned> parse_mtu(const Element& interface) {
    const Element element = interface.child("mtu");
    if (!element) return std::nullopt;
    const auto text = element.attribute("size");
    const auto size = text ? to_unsigned(*text) : std::nullopt;
    if (!size || *size > 65535)
        element.fail(ErrorCode::xml_error, "malformed mtu size",
                     fmt::format("size='{}' is not a number up to 65535", text.value_or("")));
    if (*size == 0) return std::nullopt;  // in libvirt: that of the bridge
    if (*size < kLeastMtu)
        element.fail(ErrorCode::xml_error, "malformed mtu size",
                     fmt::format("the kernel takes no less than {}", kLeastMtu));
    return static_cast<unsigned>(*size);
}

// Returns whether the container's end is set up; nothing if the document does not state it.
std::optional<bool> parse_link(const Element& interface) {
    const Element element = interface.child("link");
    if (!element) return std::nullopt;
    const auto text = element.attribute("state");
    if (!text) return std::nullopt;
    const auto state = value_of(kUpDown, *text);
    if (!state)
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("unknown interface link state '{}'", *text),
                     "state is up or down");
    return state;
}

}  // namespace

Interface parse_interface(const Element& element, bool live) {
    Interface interface;
    interface.type = parse_type(element);
    parse_mac(element, interface);
    parse_source(element, interface, live);
    interface.vlan = parse_vlan(element);
    interface.virtualport = parse_virtual_port(
        element, interface.type == InterfaceType::network ? PortType::optional : PortType::required,
        PortId::drawn);
    interface.bandwidth = parse_bandwidth(element, interface.type);
    if (const Element port = element.child("port"))
        interface.isolated = enum_attribute(port, "isolated", kYesNo);
    interface.ips = parse_ips(element);
    interface.routes = parse_routes(element);
    if (const Element script = element.child("script"))
        interface.script = string_attribute(script, "path");
    parse_names(element, interface, live);
    if (const Element model = element.child("model"))
        interface.model = string_attribute(model, "type");
    parse_filter(element, interface);
    interface.link_up = parse_link(element);
    interface.mtu = parse_mtu(element);
    interface.alias = parse_alias(element, live);
    return interface;
}

void fill_defaults(Interface& interface) {
    if (interface.mac.empty()) interface.mac = random_mac();
}

}  // namespace lxvirt::xml
