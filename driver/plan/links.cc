// The network devices of <interface>, and of <hostdev mode='capabilities' type='net'>.
#include <linux/if_link.h>

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "driver/network/ports.hh"
#include "driver/plan/parts.hh"
#include "driver/store/link_alias.hh"
#include "netd/compile.hh"

namespace lxvirt::driver::compile {

namespace {

using helper::Link;
using helper::LinkKind;

// Converts an address. One without a prefix is a whole one, 32 or 128 bits, as in libvirt.
helper::Address address(const xml::IpAddress& from) {
    const auto parsed = base::parse_address(from.address);
    if (!parsed) base::fail(base::ErrorCode::xml_error, "'{}' is not an IP address", from.address);
    return {
        .address = from.address, .peer = from.peer, .prefix = from.prefix.value_or(parsed->prefix)};
}

// Counts the leading ones of a netmask.
std::uint32_t prefix_of_netmask(const std::string& netmask) {
    const auto mask = base::parse_address(netmask);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; mask && i < mask->size(); ++i)
        for (int bit = 7; bit >= 0 && (mask->bytes[i] >> bit & 1) != 0; --bit) ++bits;
    return bits;
}

// Converts a route. One without an address is the default route of the family.
helper::Route route(const xml::Route& from) {
    helper::Route made{.destination = from.address, .gateway = from.gateway};
    if (made.destination.empty()) made.destination = from.family == "ipv6" ? "::" : "0.0.0.0";
    if (from.prefix)
        made.prefix = *from.prefix;
    else if (!from.netmask.empty())
        made.prefix = prefix_of_netmask(from.netmask);
    made.metric = from.metric.value_or(0);
    return made;
}

// Converts all members of a list.
template <typename To, typename From>
std::vector<To> all(const std::vector<From>& from, To (*convert)(const From&)) {
    std::vector<To> made;
    for (const From& item : from) made.push_back(convert(item));
    return made;
}

// Returns the kernel's number of a mode (linux/if_link.h); libvirt's default is vepa.
std::uint32_t macvlan_mode(xml::DirectMode mode) {
    switch (mode) {
        case xml::DirectMode::bridge: return MACVLAN_MODE_BRIDGE;
        case xml::DirectMode::private_: return MACVLAN_MODE_PRIVATE;
        case xml::DirectMode::passthrough: return MACVLAN_MODE_PASSTHRU;
        case xml::DirectMode::vepa: break;
    }
    return MACVLAN_MODE_VEPA;
}

// Says whether the container's end is brought up. libvirt does so only with an address or <link
// state='up'/>.
bool starts_up(const xml::Interface& interface) {
    return interface.link_up.value_or(!interface.ips.empty());
}

// Throws where the interface has an element that lxvirt cannot honour.
void refuse_unsupported(const xml::Interface& interface) {
    const auto refuse = [&](const char* element) {
        base::fail(base::ErrorCode::config_unsupported, "interface {}: <{}> is not supported",
                   interface.mac, element);
    };
    if (interface.virtualport) refuse("virtualport");
    // A macvlan has no end on the host on which the traffic could be shaped or the port isolated.
    const bool has_veth = interface.type != xml::InterfaceType::direct;
    if (!has_veth && interface.bandwidth) refuse("bandwidth");
    if (!has_veth && interface.isolated.value_or(false)) refuse("port");
}

}  // namespace

// The interface of a network is first resolved to what the network plugs it into.
Link link(const xml::Interface& given, const xml::Domain& domain, const Root& root,
          const HostFacts& host) {
    const bool of_network = given.type == xml::InterfaceType::network;
    const xml::Interface interface = of_network ? host.resolve(given) : given;
    refuse_unsupported(interface);
    // Only a network says that its bridge knows VLAN tags.
    if (interface.vlan && !of_network)
        base::fail(base::ErrorCode::config_unsupported,
                   "interface {}: <vlan> is supported with type 'network' only", interface.mac);
    Link made;
    made.alias = link_alias(root, domain.name);
    made.guest = interface.guest;
    made.mac = interface.mac;
    made.mtu = interface.mtu.value_or(0);
    made.up = starts_up(interface);
    made.isolated = interface.isolated.value_or(false);
    guard_link(given, interface, domain, host, made);
    if (interface.vlan) made.vlans = port_vlans(*interface.vlan);
    if (interface.bandwidth) made.limits = netd::traffic_limits(*interface.bandwidth);
    made.addresses = all(interface.ips, address);
    made.routes = all(interface.routes, route);
    reach_gateways(made.addresses, made.routes);
    switch (interface.type) {
        case xml::InterfaceType::bridge:
            made.bridge = interface.source;
            made.host = interface.target;
            break;
        case xml::InterfaceType::ethernet:
            made.host = interface.target;
            made.host_addresses = all(interface.source_ips, address);
            made.host_routes = all(interface.source_routes, route);
            reach_gateways(made.host_addresses, made.host_routes);
            break;
        case xml::InterfaceType::direct:
            made.kind = LinkKind::macvlan;
            made.host = interface.source;
            made.macvlan_mode = macvlan_mode(interface.mode.value_or(xml::DirectMode::vepa));
            break;
        case xml::InterfaceType::network: break;  // resolved above
    }
    return made;
}

// A live interface of a network may be a macvlan; then the network has recorded its device.
bool has_veth(const xml::Interface& interface) {
    return interface.type != xml::InterfaceType::direct && interface.actual_dev.empty();
}

// Only what is needed to find and remove the link is filled in.
Link made_link(const xml::Interface& interface, const xml::Domain& domain, const Root& root) {
    Link made;
    const bool has_host_end = has_veth(interface);
    made.kind = has_host_end ? LinkKind::veth : LinkKind::macvlan;
    made.host = interface.target;
    made.guest = interface.guest;
    made.mac = interface.mac;
    made.alias = link_alias(root, domain.name);
    return made;
}

// A moved device goes back to the host when the container ends, so it needs no name of its own.
Link moved_link(const xml::Hostdev& hostdev, const xml::Domain& domain, const Root& root) {
    Link moved;
    moved.kind = LinkKind::move;
    moved.host = hostdev.source;
    moved.addresses = all(hostdev.ips, address);
    moved.routes = all(hostdev.routes, route);
    for (const xml::ContainerHostdev& seen : domain.container.hostdevs)
        if (seen.source == hostdev.source) {
            moved.guest = seen.name;
            moved.mac = seen.mac;
            moved.mtu = seen.mtu.value_or(0);
        }
    reach_gateways(moved.addresses, moved.routes);
    moved.alias = link_alias(root, domain.name);
    return moved;
}

// <lx:interface> refers to interfaces by their position in the domain.
std::vector<Link> links(const xml::Domain& domain, const Root& root, const HostFacts& host) {
    std::vector<Link> made;
    for (const xml::Interface& interface : domain.interfaces)
        made.push_back(link(interface, domain, root, host));
    for (const xml::ContainerInterface& more : domain.container.interfaces)
        if (more.index < made.size()) apply_link_options(more, made[more.index]);
    for (const xml::Hostdev& hostdev : domain.hostdevs)
        if (hostdev.type == xml::HostdevType::net)
            made.push_back(moved_link(hostdev, domain, root));
    return made;
}

}  // namespace lxvirt::driver::compile
