// Parses the parts of <interface> that have elements of their own: ip, route, bandwidth, vlan,
// virtualport. <hostdev>, <network> and <networkport> use them, too.
#include <fmt/format.h>

#include <algorithm>

#include "base/uuid.hh"
#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// The bytes of a rate or a burst have to fit into 64 bits.
constexpr std::uint64_t kMostBandwidth = UINT64_MAX / 1024;

constexpr std::array<std::string_view, 2> kFamilies{"ipv4", "ipv6"};

// Parses an address. `family` is the document's, or empty if either is fine; nothing for any other
// text.
std::optional<SocketAddress> address_of(std::string_view text, std::string_view family) {
    const auto address = to_ip_address(text);
    if (!address || (family == "ipv4" && address->v6) || (family == "ipv6" && !address->v6))
        return std::nullopt;
    return address;
}

// Reads <ip>. The family follows from the address; the document's must agree.
IpAddress parse_ip(const Element& element) {
    IpAddress ip;
    const std::string family = word_attribute(element, "family", kFamilies);
    const auto text = element.attribute("address");
    if (!text)
        element.fail(ErrorCode::xml_error, "Missing required address in <ip>",
                     "<ip address='192.0.2.1' prefix='24'/>");
    const auto address = address_of(*text, family);
    if (!address)
        element.fail(ErrorCode::xml_error, fmt::format("Invalid address '{}' in <ip>", *text),
                     "an address of its family, IPv4 or IPv6");
    ip.address = address->text();
    ip.family = address->v6 ? "ipv6" : "ipv4";
    if (const auto prefix = element.attribute("prefix")) {
        const auto value = to_unsigned(*prefix);
        if (!value || *value > address->bits())
            element.fail(ErrorCode::xml_error,
                         fmt::format("Invalid prefix value '{}' in <ip>", *prefix),
                         fmt::format("a prefix is 0 to {}", address->bits()));
        // Libvirt takes 0 for "no prefix"
        if (*value != 0) ip.prefix = static_cast<unsigned>(*value);
    }
    if (const auto peer = element.attribute("peer")) {
        const auto value = address_of(*peer, ip.family);
        if (!value)
            element.fail(ErrorCode::xml_error, fmt::format("Invalid peer '{}' in <ip>", *peer),
                         "an address of the same family");
        ip.peer = value->text();
    }
    return ip;
}

// Throws xml_error about a route. `owner` is whom libvirt's message names: "guest interface", or
// the network.
[[noreturn]] void fail_route(const Element& element, std::string_view owner,
                             std::string_view words) {
    element.fail(ErrorCode::xml_error, fmt::format("{}: {}", owner, words),
                 "<route family='ipv4' address='192.0.2.0' prefix='24' gateway='192.0.2.1'/>");
}

// Reads an address of <route>. Without a family libvirt assumes IPv4.
SocketAddress route_address(const Element& element, std::string_view owner, std::string_view name,
                            std::string_view family) {
    const auto text = element.attribute(name);
    if (!text)
        fail_route(element, owner,
                   fmt::format("Missing required {} attribute in route definition", name));
    const auto address = address_of(*text, family.empty() ? "ipv4" : family);
    if (!address)
        fail_route(element, owner,
                   fmt::format("Bad {} '{}' in route definition",
                               name == "address" ? "network address" : name, *text));
    return *address;
}

// Reads <route>. The address must be a network's: no bit may be set beyond the prefix.
Route parse_route(const Element& element, std::string_view owner) {
    Route route;
    route.family = string_attribute(element, "family");
    if (!route.family.empty() && !has_word(kFamilies, route.family))
        fail_route(element, owner,
                   fmt::format("Unrecognized family '{}' in route definition", route.family));
    const SocketAddress network = route_address(element, owner, "address", route.family);
    route.address = network.text();
    route.gateway = route_address(element, owner, "gateway", route.family).text();
    const auto given = unsigned_attribute(element, "prefix");
    if (given && *given > network.bits())
        fail_route(element, owner,
                   fmt::format("Invalid prefix {} specified in route definition, must be 0 - {}",
                               *given, network.bits()));
    if (given) route.prefix = static_cast<unsigned>(*given);
    if (element.attribute("netmask")) {
        const SocketAddress mask = route_address(element, owner, "netmask", route.family);
        if (given)
            fail_route(element, owner, "Route definition cannot have both a prefix and a netmask");
        if (!mask_prefix(mask) || mask.v6)
            fail_route(element, owner,
                       fmt::format("Invalid netmask '{}' in route definition", mask.text()));
        route.netmask = mask.text();
    }
    if (!network.zero_beyond(route_prefix(route)))
        fail_route(element, owner,
                   fmt::format("Address '{}' in route definition is not a network address",
                               route.address));
    if (const auto metric = unsigned_attribute(element, "metric"))
        route.metric = static_cast<unsigned>(*metric);
    if (route.metric == 0U)
        element.fail(
            ErrorCode::xml_error,
            "Invalid value for attribute 'metric' in element 'route': Zero is not permitted",
            "leave metric out, or 1 and more");
    return route;
}

// Reads <inbound> or <outbound>. `floor` is a share of a network's bandwidth, and is only for what
// goes to the container.
BandwidthLimit parse_limit(const Element& element, bool inbound) {
    BandwidthLimit limit;
    const auto number = [&element](std::string_view name) -> std::optional<std::uint64_t> {
        const auto text = element.attribute(name);
        if (!text) return std::nullopt;
        const auto value = to_unsigned(*text);
        if (!value)
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("could not convert bandwidth {} value '{}'", name, *text),
                         "kilobytes per second; burst in KiB");
        if (*value > kMostBandwidth)
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("bandwidth {} value '{}' is too large", name, *text),
                         fmt::format("at most {}", kMostBandwidth));
        return value;
    };
    limit.average = number("average");
    limit.peak = number("peak");
    limit.burst = number("burst");
    limit.floor = number("floor");
    if (!inbound && limit.floor)
        element.fail(ErrorCode::config_unsupported,
                     "'floor' attribute allowed only in <inbound> element", "remove floor");
    if (!limit.average && !limit.floor)
        element.fail(ErrorCode::xml_detail, "Missing mandatory average or floor attributes",
                     fmt::format("<{} average='1000'/>", element.name()));
    return limit;
}

// Returns the limit of one direction. libvirt takes a rate of 0 for no limit.
std::optional<BandwidthLimit> limit_of(const Element& bandwidth, std::string_view name) {
    const Element element = bandwidth.child(name);
    if (!element) return std::nullopt;
    const BandwidthLimit limit = parse_limit(element, name == "inbound");
    if (limit.average.value_or(0) == 0 && limit.floor.value_or(0) == 0) return std::nullopt;
    return limit;
}

}  // namespace

unsigned route_prefix(const Route& route) {
    if (route.prefix) return *route.prefix;
    if (const auto mask = to_ip_address(route.netmask)) return mask_prefix(*mask).value_or(32);
    const auto network = to_ip_address(route.address);
    if (!network || network->zero_beyond(0)) return 0;
    if (network->v6) return 64;
    // The classes of RFC 791, which libvirt still applies where neither prefix nor netmask is
    // given.
    const std::uint8_t first = network->bytes[0];
    return first < 128 ? 8 : first < 192 ? 16 : 24;
}

std::vector<IpAddress> parse_ips(const Element& parent) {
    std::vector<IpAddress> result;
    for (const Element& element : parent.children("ip")) result.push_back(parse_ip(element));
    return result;
}

std::vector<Route> parse_routes(const Element& parent, std::string_view owner) {
    std::vector<Route> result;
    for (const Element& element : parent.children("route"))
        result.push_back(parse_route(element, owner));
    return result;
}

// A rate is in kilobytes (1000 bytes) per second and a burst in KiB, as in libvirt.
std::optional<Bandwidth> parse_bandwidth(const Element& interface, InterfaceType type) {
    const Element element = interface.child("bandwidth");
    if (!element) return std::nullopt;
    element.ignore("classID");  // the kernel's traffic class, a fact of a running port
    Bandwidth bandwidth;
    bandwidth.inbound = limit_of(element, "inbound");
    bandwidth.outbound = limit_of(element, "outbound");
    if (bandwidth.inbound && bandwidth.inbound->floor && type != InterfaceType::network)
        element.fail(ErrorCode::config_unsupported,
                     "floor attribute is not supported for this config",
                     "floor works on interfaces of a network");
    if (!bandwidth.inbound && !bandwidth.outbound) return std::nullopt;
    return bandwidth;
}

// Reads <vlan>. Several tags, or a native one, make the port a trunk.
std::optional<Vlan> parse_vlan(const Element& interface) {
    const Element element = interface.child("vlan");
    if (!element) return std::nullopt;
    Vlan vlan;
    for (const Element& child : element.children("tag")) {
        VlanTag tag;
        const auto id = unsigned_attribute(child, "id");
        if (!id)
            child.fail(ErrorCode::xml_error, "missing tag id in vlan <tag> element",
                       "<tag id='42'/>");
        if (*id > 4095)
            child.fail(ErrorCode::xml_error,
                       fmt::format("vlan tag id {} too large (maximum 4095)", *id),
                       "choose a lower one");
        static constexpr std::array<std::string_view, 2> kModes{"tagged", "untagged"};
        tag.id = static_cast<unsigned>(*id);
        tag.native_mode = word_attribute(child, "nativeMode", kModes);
        vlan.tags.push_back(std::move(tag));
    }
    if (vlan.tags.empty())
        element.fail(ErrorCode::xml_error,
                     "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement",
                     "<vlan><tag id='42'/></vlan>");
    const bool native = std::any_of(vlan.tags.begin(), vlan.tags.end(),
                                    [](const VlanTag& tag) { return !tag.native_mode.empty(); });
    vlan.trunk = enum_attribute(element, "trunk", kYesNo).value_or(vlan.tags.size() > 1 || native);
    if (!vlan.trunk && vlan.tags.size() > 1)
        element.fail(
            ErrorCode::xml_error,
            "invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for more than one tag",
            "several <tag> make a trunk");
    return vlan;
}

std::optional<VirtualPort> parse_virtual_port(const Element& parent, PortType type, PortId id) {
    const Element element = parent.child("virtualport");
    if (!element) return std::nullopt;
    VirtualPort port;
    port.type = string_attribute(element, "type");
    if (port.type.empty() && type == PortType::required)
        element.fail(ErrorCode::xml_error, "missing required virtualport type",
                     fmt::format("type is {}", list_of(kVirtualPorts)));
    if (!port.type.empty() && !has_word(kVirtualPorts, port.type))
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("unknown virtualport type {}", port.type),
                     fmt::format("type is {}", list_of(kVirtualPorts)));
    // The attributes are kept in libvirt's order, whatever the document's.
    static constexpr std::array<std::string_view, 6> kParameters{
        "managerid", "typeid", "typeidversion", "instanceid", "interfaceid", "profileid"};
    if (const Element parameters = element.child("parameters"))
        for (const std::string_view name : kParameters)
            if (const auto value = parameters.attribute(name))
                port.parameters.emplace_back(name, *value);
    const bool needs_id = port.type == "openvswitch" || port.type == "midonet";
    const bool has_id = std::any_of(port.parameters.begin(), port.parameters.end(),
                                    [](const auto& entry) { return entry.first == "interfaceid"; });
    // Open vSwitch and MidoNet identify the port of one interface by this id, so libvirt draws one
    // where it is missing.
    port.made_up = id == PortId::drawn && needs_id && !has_id;
    if (port.made_up)
        port.parameters.emplace(port.parameters.begin(), "interfaceid", base::random_uuid());
    return port;
}

}  // namespace lxvirt::xml
