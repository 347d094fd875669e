// Parses <forward>: how a network reaches the world.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/network/names.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Returns the mode; libvirt's default for a <forward> without one is nat.
ForwardMode parse_mode(const Element& forward, const std::string& network) {
    const auto text = forward.attribute("mode");
    if (!text) return ForwardMode::nat;
    if (const auto mode = value_of(kForwardModes, *text)) return *mode;
    const std::string hint = fmt::format("mode is {}", list_of(kForwardModes));
    if (*text == "hostdev")
        forward.fail(ErrorCode::config_unsupported,
                     fmt::format("forward mode='hostdev' of network '{}' is not supported: a "
                                 "container takes no PCI device",
                                 network),
                     hint);
    forward.fail(ErrorCode::config_unsupported, fmt::format("unknown forwarding type '{}'", *text),
                 hint);
}

// Reads an address of <nat>; libvirt translates IPv4 to given addresses only.
std::string nat_address(const Element& element, std::string_view name, const std::string& network) {
    const auto text = element.attribute(name);
    if (!text)
        element.fail(ErrorCode::xml_error,
                     fmt::format("missing '{}' attribute in <address> element in <nat> in "
                                 "<forward> in network {}",
                                 name, network),
                     "<address start='192.0.2.10' end='192.0.2.19'/>");
    const auto address = to_ip_address(*text);
    if (!address || address->v6)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Bad ipv4 {} address '{}' in <nat> in <forward> in network '{}'",
                                 name, *text, network),
                     "an IPv4 address such as 192.0.2.10");
    return address->text();
}

// Reads <address> of <nat>. The bytes are in network order, so that they compare as the addresses
// do.
AddressRange parse_address_range(const Element& element, const std::string& network) {
    AddressRange range{nat_address(element, "start", network),
                       nat_address(element, "end", network)};
    if (to_ip_address(range.end)->bytes < to_ip_address(range.start)->bytes)
        element.fail(ErrorCode::internal_error,
                     fmt::format("range {} - {} is reversed ", range.start, range.end),
                     "start is the lower address");
    return range;
}

// Reads <port> of <nat>, with both ends included; port 0 cannot be a source.
PortRange parse_port_range(const Element& element, const std::string& network) {
    const auto number = [&](std::string_view name, unsigned least) {
        const auto value = to_unsigned(element.attribute(name).value_or(""));
        if (!value || *value > 65535 || *value < least)
            element.fail(ErrorCode::xml_detail,
                         fmt::format("Missing or invalid '{}' attribute in <port> in <nat> in "
                                     "<forward> in network {}",
                                     name, network),
                         "ports are 1 to 65535, start not above end");
        return static_cast<unsigned>(*value);
    };
    PortRange range;
    range.start = number("start", 1);
    range.end = number("end", range.start);
    return range;
}

// Returns the only child of that name, or a falsy Element; throws where there are several.
Element only_child(const Element& parent, std::string_view name, std::string_view place,
                   const std::string& network) {
    const std::vector<Element> all = parent.children(name);
    if (all.empty()) return {};
    if (all.size() > 1)
        all[1].fail(
            ErrorCode::xml_error,
            fmt::format("Only one <{}> element is allowed in {} network {}", name, place, network),
            "remove the others");
    return all.front();
}

// Reads <nat>, which needs mode='nat'.
void parse_nat(const Element& forward, Network& out) {
    const Element nat = only_child(forward, "nat", "<forward> of", out.name);
    if (!nat) return;
    if (out.forward.mode != ForwardMode::nat)
        nat.fail(ErrorCode::xml_error,
                 fmt::format("The <nat> element can only be used when <forward> 'mode' is 'nat' in "
                             "network {}",
                             out.name),
                 "<forward mode='nat'>");
    out.forward.nat.ipv6 = enum_attribute(nat, "ipv6", kYesNo).value_or(false);
    if (const Element address = only_child(nat, "address", "<nat> in <forward> in", out.name))
        out.forward.nat.address = parse_address_range(address, out.name);
    if (const Element port = only_child(nat, "port", "<nat> in <forward> in", out.name))
        out.forward.nat.port = parse_port_range(port, out.name);
}

// Reads the interfaces. The attribute dev, libvirt's older form, must agree with the first of them.
void parse_interfaces(const Element& forward, Network& out) {
    std::vector<ForwardInterface>& interfaces = out.forward.interfaces;
    std::set<std::string> devices;
    for (const Element& element : forward.children("interface")) {
        ForwardInterface interface = parse_forward_interface(element, out.name, true);
        if (!devices.insert(interface.dev).second)
            element.fail(ErrorCode::xml_error,
                         fmt::format("interface '{}' can only be listed once in network {}",
                                     interface.dev, out.name),
                         "remove the second");
        interfaces.push_back(std::move(interface));
    }
    if (!forward.attribute("dev")) return;
    const std::string dev = link_name_attribute(forward, "dev");
    if (interfaces.empty())
        interfaces.push_back({dev, 0});
    else if (interfaces.front().dev != dev)
        forward.fail(ErrorCode::xml_error,
                     fmt::format("<forward dev='{}'> must match first <interface dev='{}'/> in "
                                 "network {}",
                                 dev, interfaces.front().dev, out.name),
                     "leave dev out, or name the first <interface>");
}

// Reads <pf>, the physical function whose virtual functions the network uses.
void parse_function(const Element& forward, Network& out) {
    const Element pf = only_child(forward, "pf", "<forward> of", out.name);
    if (!pf) return;
    out.forward.pf = link_name_attribute(pf, "dev");
    if (out.forward.pf.empty())
        pf.fail(
            ErrorCode::xml_error,
            fmt::format("Missing required dev attribute in <pf> element of network '{}'", out.name),
            "<pf dev='eth0'/>");
}

// Refuses a way out that consists of PCI devices: with nothing else named, the network would have
// no device at all. An <address> beside other devices stays unread and becomes a notice.
void refuse_pci_devices(const Element& forward, const Network& network) {
    const Element address = forward.child("address");
    if (!address || !network.forward.interfaces.empty() || !network.forward.pf.empty()) return;
    address.fail(ErrorCode::config_unsupported,
                 fmt::format("<address> of a PCI device in <forward> of network '{}' is not "
                             "supported: a container takes no PCI device",
                             network.name),
                 "name the network device: <interface dev='eth0'/>");
}

}  // namespace

// A count of connections is a fact of a running network; a definition's is dropped.
ForwardInterface parse_forward_interface(const Element& element, const std::string& network,
                                         bool live) {
    ForwardInterface interface;
    interface.dev = link_name_attribute(element, "dev");
    if (interface.dev.empty())
        element.fail(ErrorCode::xml_error,
                     fmt::format("Missing required dev attribute in <forward> <interface> element "
                                 "of network {}",
                                 network),
                     "<interface dev='eth0'/>");
    const auto connections = unsigned_attribute(element, "connections");
    if (live) interface.connections = static_cast<unsigned>(connections.value_or(0));
    return interface;
}

void parse_forward(const Element& root, Network& out) {
    const Element forward = root.child("forward");
    if (!forward) return;
    out.forward.mode = parse_mode(forward, out.name);
    // mode='none' means the same as no <forward>; content stays unread and becomes a notice.
    if (out.forward.mode == ForwardMode::none) return;
    forward.ignore("managed");  // has a meaning for PCI devices only
    // libvirt chose among drivers for PCI devices by this name; here it is kept so that it can be
    // printed.
    if (const Element driver = forward.child("driver")) {
        const std::string name = string_attribute(driver, "name");
        if (!has_word(kForwardDrivers, name))
            driver.fail(
                ErrorCode::config_unsupported,
                fmt::format("Unknown forward <driver name='{}'/> in network {}", name, out.name),
                fmt::format("name is {}", list_of(kForwardDrivers)));
        out.forward.driver = name;
    }
    parse_nat(forward, out);
    parse_interfaces(forward, out);
    parse_function(forward, out);
    refuse_pci_devices(forward, out);
}

}  // namespace lxvirt::xml
