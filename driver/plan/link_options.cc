// Applies <lx:interface>: what lxc has for a link, and libvirt's <interface> has not.
#include <linux/if_link.h>

#include <algorithm>

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver::compile {

namespace {

using helper::Link;
using helper::LinkKind;

// Pairs a word with the kernel's number.
struct Word {
    std::string_view word;
    std::uint32_t value;
};
constexpr Word kModes[] = {
    {"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}};
constexpr Word kIsolations[] = {
    {"bridge", 0}, {"private", IPVLAN_F_PRIVATE}, {"vepa", IPVLAN_F_VEPA}};

[[noreturn]] void refuse(const xml::ContainerSetting& option, std::string_view right) {
    base::fail(base::ErrorCode::config_unsupported,
               "<lx:option name='{}' value='{}'>: right would be {}", option.name, option.value,
               right);
}

template <std::size_t N>
std::uint32_t value_of(const xml::ContainerSetting& option, const Word (&words)[N],
                       std::string_view right) {
    for (const Word& word : words)
        if (word.word == option.value) return word.value;
    refuse(option, right);
}

bool is_v6(const std::string& address) {
    return address.find(':') != std::string::npos;
}

// Returns a route to one whole address of the container.
helper::Route way_to(const std::string& address) {
    return {.destination = address, .gateway = {}, .prefix = is_v6(address) ? 128U : 32U};
}

bool is_way_to(const helper::Route& route, const std::string& address) {
    return route.gateway.empty() && route.destination == address &&
           route.prefix == way_to(address).prefix;
}

// Puts a route to that one address before the others, unless there is one.
void add_way(const std::string& address, std::vector<helper::Route>& routes) {
    if (std::none_of(routes.begin(), routes.end(),
                     [&](const helper::Route& route) { return is_way_to(route, address); }))
        routes.insert(routes.begin(), way_to(address));
}

// Says whether the kernel finds `gateway` on the link of these addresses without a route of ours.
// A link-local gateway of IPv6 always is on the link (RFC 4291).
bool is_on_link(const std::string& gateway, const std::vector<helper::Address>& addresses) {
    const auto wanted = base::parse_address(gateway);
    if (!wanted) return true;  // the helper names it
    const bool link_local =
        is_v6(gateway) && wanted->bytes[0] == 0xfe && (wanted->bytes[1] & 0xc0) == 0x80;
    return link_local ||
           std::any_of(addresses.begin(), addresses.end(), [&](const helper::Address& address) {
               const auto own =
                   base::parse_address(address.peer.empty() ? address.address : address.peer);
               if (!own || own->family != wanted->family) return false;
               for (std::uint32_t bit = 0; bit < address.prefix; ++bit)
                   if (((own->bytes[bit / 8] ^ wanted->bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0)
                       return false;
               return true;
           });
}

// Parses "10.1.0.0/16", a network that is behind the container.
helper::Route static_route(const xml::ContainerSetting& option) {
    const auto slash = option.value.find('/');
    helper::Route made = way_to(option.value.substr(0, slash));
    if (!base::parse_address(made.destination)) refuse(option, "ADDRESS/PREFIX");
    if (slash == std::string::npos) return made;
    const auto prefix =
        base::parse_number<std::uint32_t>(std::string_view(option.value).substr(slash + 1));
    if (!prefix || *prefix > made.prefix) refuse(option, "ADDRESS/PREFIX");
    made.prefix = *prefix;
    return made;
}

// Puts the link on no bridge: the host routes to the container's addresses, and answers for its
// gateways.
void be_routed(Link& link) {
    link.routed = true;
    link.bridge.clear();
    for (const helper::Address& address : link.addresses)
        link.host_routes.push_back(way_to(address.address));
    for (const helper::Route& route : link.routes)
        if (!route.gateway.empty()) link.proxied.push_back(route.gateway);
    // The host answers for the gateway on this link only.
    for (const std::string& gateway : link.proxied) add_way(gateway, link.routes);
}

// The number of queues is bounded by the kernel's own limit for a device.
std::uint32_t queues(const xml::ContainerSetting& option) {
    const auto number = base::parse_number<std::uint32_t>(option.value);
    if (!number || *number == 0 || *number > 4096) refuse(option, "a number from 1 to 4096");
    return *number;
}

}  // namespace

// The kernel refuses a route by a gateway that it finds on no link. lxc adds such a route, too, so
// configurations rely on it. Without an address of the gateway's family nothing would be reached.
void reach_gateways(const std::vector<helper::Address>& addresses,
                    std::vector<helper::Route>& routes) {
    std::vector<std::string> outside;
    for (const helper::Route& route : routes)
        if (!route.gateway.empty() && !is_on_link(route.gateway, addresses) &&
            std::any_of(addresses.begin(), addresses.end(), [&](const helper::Address& address) {
                return is_v6(address.address) == is_v6(route.gateway);
            }))
            outside.push_back(route.gateway);
    for (const std::string& gateway : outside) add_way(gateway, routes);
}

// Applies the options one by one, and the mode 'router' last, since it uses the addresses and
// gateways.
void apply_link_options(const xml::ContainerInterface& from, Link& link) {
    for (const xml::ContainerSetting& option : from.options) {
        const std::string& name = option.name;
        if (name == "ipvlan.mode" && link.kind != LinkKind::veth) {
            link.kind = LinkKind::ipvlan;
            link.ipvlan_mode = value_of(option, kModes, "l2, l3 or l3s");
        } else if (name == "vlan.id" && link.kind != LinkKind::veth) {
            const auto id = base::parse_number<std::uint32_t>(option.value);
            if (!id || *id > 4094) refuse(option, "a number up to 4094");
            link.kind = LinkKind::vlan;
            link.vlan_id = *id;
        } else if (name == "ipvlan.isolation") {
            link.ipvlan_flags = value_of(option, kIsolations, "bridge, private or vepa");
        } else if (name == "ipv4.gateway" || name == "ipv6.gateway") {
            // lxc's word 'dev' makes the link itself the default route, without a gateway.
            if (option.value != "dev") refuse(option, "'dev'");
            link.routes.push_back({.destination = name == "ipv6.gateway" ? "::" : "0.0.0.0"});
        } else if (name == "veth.n_rxqueues") {
            link.rx_queues = queues(option);
        } else if (name == "veth.n_txqueues") {
            link.tx_queues = queues(option);
        } else if (name == "veth.ipv4.route" || name == "veth.ipv6.route") {
            link.host_routes.push_back(static_route(option));
        } else if (name == "veth.mode" && option.value != "router" && option.value != "bridge") {
            refuse(option, "bridge or router");
        }
    }
    const auto is_router = [](const xml::ContainerSetting& option) {
        return option.name == "veth.mode" && option.value == "router";
    };
    if (std::any_of(from.options.begin(), from.options.end(), is_router)) be_routed(link);
}

}  // namespace lxvirt::driver::compile
