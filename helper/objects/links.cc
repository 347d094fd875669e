#include "helper/objects/links.hh"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "helper/objects/moved_links.hh"

namespace lxvirt::helper {

namespace {

using base::Netlink;

constexpr std::uint32_t kDefaultMtu = 1500;  // of Ethernet

// A plan has checked addresses; anything else is a mistake in lxvirt.
base::MacAddress mac_of(const Link& link) {
    if (const auto mac = base::parse_mac(link.mac)) return *mac;
    base::fail(base::ErrorCode::internal_error, "'{}' is not a mac address", link.mac);
}

base::NetAddress address_of(const std::string& text, std::uint32_t prefix) {
    auto address = base::parse_address(text);
    if (!address) base::fail(base::ErrorCode::internal_error, "'{}' is not an IP address", text);
    address->prefix = prefix;
    return *address;
}

// Says whether an alias names the link's domain. A link that an earlier build made has the alias without
// the kind (driver/store/link_alias.hh).
bool is_alias_of(const std::string& alias, const Link& link) {
    constexpr std::string_view kind = ":domain:";
    if (alias == link.alias) return true;
    const auto place = link.alias.find(kind);
    return place != std::string::npos &&
           alias == link.alias.substr(0, place) + link.alias.substr(place + kind.size() - 1);
}

// Retries while the name is taken by a link of our own: a fixed name comes free only some
// milliseconds after the namespace of its last user has died. A name that another program's device
// has is an error at once.
template <typename Make>
void retry_while_ours(Netlink& host, const Link& link, Make&& make) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (;;) {
        try {
            make();
            return;
        } catch (const base::SystemError& error) {
            if (error.error() != EEXIST && error.error() != EADDRINUSE) throw;
            const auto alias = host.link_alias(link.host);
            const bool ours = !alias || is_alias_of(*alias, link);
            if (!ours || std::chrono::steady_clock::now() > end) {
                if (ours) throw;
                base::fail_with(error.error(),
                                "network device '{}' exists on the host and is not ours",
                                link.host);
            }
            ::usleep(1000);
        }
    }
}

// Adds addresses, then routes, whose gateways must be reachable by then.
void configure(Netlink& netlink, int index, const std::vector<Address>& addresses,
               const std::vector<Route>& routes) {
    for (const Address& address : addresses) {
        std::optional<base::NetAddress> peer;
        if (!address.peer.empty()) peer = address_of(address.peer, address.prefix);
        netlink.add_address(index, address_of(address.address, address.prefix), peer);
    }
    for (const Route& route : routes) {
        std::optional<base::NetAddress> gateway;
        if (!route.gateway.empty())
            gateway = address_of(route.gateway, 128);  // without a use for the prefix
        netlink.add_route(index, address_of(route.destination, route.prefix), gateway,
                          route.metric);
    }
}

// Makes the host a router for the link: it forwards, and answers ARP and NDP requests for the
// container's gateways.
void configure_router(Netlink& host, int index, const Link& link) {
    const auto set = [&](const char* family, const char* name) {
        const std::string file =
            fmt::format("/proc/sys/net/{}/conf/{}/{}", family, link.host, name);
        if (base::exists(file)) base::write_value(file, "1");  // IPv6 may be off
    };
    set("ipv4", "forwarding");
    set("ipv6", "forwarding");
    set("ipv6", "proxy_ndp");
    for (const std::string& address : link.proxied) host.add_proxy(index, address_of(address, 128));
}

// Guards the host's end. What nobody asked for is left out, with a line in the log, where the kernel
// lacks the means.
void guard(Netlink& host, int index, const Link& link, const LinkLog& log) {
    try {
        base::guard_port(host, index, link.guard.value_or(base::PortGuard{.address = {}}));
    } catch (const base::Error& error) {
        if (link.must_guard || error.code() != base::ErrorCode::config_unsupported) throw;
        if (log) log(fmt::format("interface {}: not guarded: {}", link.mac, error.message()));
    }
}

// Configures the host's end as a port of a bridge; a port without VLANs stays in the bridge's
// default.
void configure_port(Netlink& host, int index, const Link& link, const LinkLog& log) {
    if (link.isolated) host.set_port_isolated(index, true);
    if (!link.vlans.empty()) host.remove_port_vlan(index, 1);  // the kernel's default
    for (const PortVlan& vlan : link.vlans) host.add_port_vlan(index, vlan.id, vlan.untagged);
    if (link.limits) base::limit_traffic(host, index, *link.limits);
    if (link.guard) guard(host, index, link, log);
}

// Returns the address of the host's end. A bridge takes the lowest address among its ports; one
// that begins with fe never is the lowest (libvirt does the same), so the bridge's own address does
// not change as containers come and go.
base::MacAddress host_mac_of(const Link& link) {
    base::MacAddress mac = mac_of(link);
    mac[0] = 0xfe;
    return mac;
}

// Says whether the device is the veth that was made for `link`. The kernel gives a new device no
// alias; one whose maker was killed before setting it is recognised by its address.
bool is_made_for(const base::LinkFacts& device, const Link& link) {
    if (!device.alias.empty()) return device.kind == "veth" && is_alias_of(device.alias, link);
    return device.kind == "veth" && device.mac == host_mac_of(link);
}

// Makes a veth. The alias is set by a second message, since the kernel takes none in the first.
void make_veth(Netlink& host, base::Fd netns, const Link& link, const LinkLog& log) {
    base::VethSpec spec{.host_name = link.host,
                        .guest_name = link.guest,
                        .guest_mac = mac_of(link),
                        .host_mac = host_mac_of(link),
                        .mtu = link.mtu,
                        .rx_queues = link.rx_queues,
                        .tx_queues = link.tx_queues,
                        .guest_netns = netns};
    if (!link.bridge.empty()) {
        const auto bridge = host.find_link(link.bridge);
        if (!bridge) fail_no_bridge(link.bridge, link.host);
        spec.master = *bridge;
    }
    retry_while_ours(host, link, [&] { host.make_veth(spec); });
    const int index = host.link_index(link.host);
    host.set_alias(index, link.alias);
    configure_port(host, index, link, log);
    configure(host, index, link.host_addresses, link.host_routes);
    if (link.routed) configure_router(host, index, link);
}

// Makes a link of any kind in the container's namespace. A device of the host is moved.
void make_link(Netlink& host, base::Fd netns, const Link& link, const LinkLog& log) {
    switch (link.kind) {
        case LinkKind::veth: make_veth(host, netns, link, log); break;
        case LinkKind::macvlan:
            host.make_macvlan({.lower = host.link_index(link.host),
                               .mode = link.macvlan_mode,
                               .name = link.guest,
                               .mac = mac_of(link),
                               .mtu = link.mtu,
                               .netns = netns});
            break;
        case LinkKind::ipvlan:
            host.make_ipvlan({.lower = host.link_index(link.host),
                              .mode = link.ipvlan_mode,
                              .flags = link.ipvlan_flags,
                              .name = link.guest,
                              .mtu = link.mtu,
                              .netns = netns});
            break;
        case LinkKind::vlan:
            host.make_vlan({.lower = host.link_index(link.host),
                            .id = link.vlan_id,
                            .name = link.guest,
                            .mac = mac_of(link),
                            .mtu = link.mtu,
                            .netns = netns});
            break;
        case LinkKind::move: host.move_link(host.link_index(link.host), netns, link.guest); break;
    }
}

// Finds the device in the container's namespace, where the container's root may have renamed it: by
// the name that it was made with, else by its hardware address. Another device that took the name
// is not it.
std::optional<int> find_inside(Netlink& inside, const Link& link) {
    const std::string_view kind = link.kind == LinkKind::veth ? "veth" : "macvlan";
    const auto named = inside.link(link.guest);
    if (named && (named->kind == kind ||
                  (kind == "macvlan" && (named->kind == "ipvlan" || named->kind == "vlan"))))
        return named->index;
    const auto mac = base::parse_mac(link.mac);
    for (const base::LinkFacts& facts : inside.links())
        if (facts.kind == kind && mac == facts.mac) return facts.index;
    return std::nullopt;
}

// Removes a macvlan, ipvlan or vlan, if it is still in the container's namespace only.
bool remove_macvlan(Netlink& inside, Link link) {
    link.kind = LinkKind::macvlan;
    const auto index = find_inside(inside, link);
    if (index) inside.delete_link(*index);
    return index.has_value();
}

// Returns the index of the container's end. Throws operation_failed if the container has removed it.
int require_inside(Netlink& inside, const Link& link) {
    const auto index = find_inside(inside, link);
    if (!index)
        base::fail(base::ErrorCode::operation_failed,
                   "the container has no network device '{}' with address {} any more", link.guest,
                   link.mac);
    return *index;
}

}  // namespace

// The sentence up to the first colon is libvirt's.
void fail_no_bridge(const std::string& bridge, const std::string& port) {
    base::fail(base::ErrorCode::system_error,
               "Unable to add bridge {} port {}: {}; the host has no bridge of that name: start "
               "what makes it, or use <interface type='network'> with a network of lxvirt's",
               bridge, port, base::errno_text(ENODEV));
}

LinkMaker::LinkMaker(base::Fd netns, LinkLog log)
    // The sockets stay in the namespaces in which they were opened, so nothing has to enter the
    // container later.
    : netns_(netns),
      inside_(Netlink::inside(netns)),
      home_(base::open_file("/proc/self/ns/net", O_RDONLY)),
      log_(std::move(log)) {}

void LinkMaker::raise_loopback() {
    inside_.set_up(1, true);  // lo always has index 1
}

void LinkMaker::make(const Link& link) {
    make_link(host_, netns_, link, log_);
    // A moved device without a name for the container keeps its own.
    const int index = inside_.link_index(link.guest.empty() ? link.host : link.guest);
    if (link.kind == LinkKind::move) moved_.push_back({.name = link.host, .index = index});
    // The kernel changes some devices only while they are down.
    if (link.kind == LinkKind::move && !link.mac.empty()) inside_.set_mac(index, mac_of(link));
    if (link.kind == LinkKind::move && link.mtu != 0) inside_.set_mtu(index, link.mtu);
    if (link.up) inside_.set_up(index, true);
    configure(inside_, index, link.addresses, link.routes);
}

void LinkMaker::change(const std::optional<Link>& from, const Link& to) {
    // Only what differs is set; `from` is empty if it is not known what is there.
    const int index = require_inside(inside_, to);
    const bool veth = to.kind == LinkKind::veth;
    if (!from || from->mtu != to.mtu) {
        const std::uint32_t mtu = to.mtu == 0 ? kDefaultMtu : to.mtu;
        if (veth) host_.set_mtu(host_.link_index(to.host), mtu);
        inside_.set_mtu(index, mtu);
    }
    if (veth && (!from || from->bridge != to.bridge)) {
        const auto bridge = host_.find_link(to.bridge);
        if (!bridge) fail_no_bridge(to.bridge, to.host);
        const int port = host_.link_index(to.host);
        host_.set_master(port, *bridge);
        configure_port(host_, port, to, log_);
    } else if (veth && from && from->guard != to.guard) {
        guard(host_, host_.link_index(to.host), to, log_);
    }
    if (veth && (!from || from->limits != to.limits))
        base::limit_traffic(host_, host_.link_index(to.host),
                            to.limits.value_or(base::TrafficLimits{}));
    if (from && from->up == to.up) return;
    // The container sees its carrier go, too.
    if (veth) host_.set_up(host_.link_index(to.host), to.up);
    inside_.set_up(index, to.up);
}

void LinkMaker::set_carrier(const Link& link) {
    const auto index = require_inside(inside_, link);
    if (link.kind != LinkKind::veth) return inside_.set_up(index, link.up);
    host_.set_up(host_.link_index(link.host), link.up);
    if (link.up) inside_.set_up(index, true);
}

bool LinkMaker::remove(const Link& link) {
    if (link.kind == LinkKind::move) {
        if (host_.find_link(link.host)) return true;  // it never left, or has come back
        const auto index = inside_.find_link(link.guest.empty() ? link.host : link.guest);
        if (index) inside_.move_link(*index, home_, link.host);
        return index.has_value();
    }
    if (link.kind == LinkKind::veth) {
        // The name may belong to another device by now.
        if (const auto device = host_.link(link.host); device && is_made_for(*device, link)) {
            host_.delete_link(device->index);
            return true;
        }
        if (!link.bridge.empty()) return false;
    }
    return remove_macvlan(inside_, link);  // also one of a type that only the network knew
}

std::vector<MovedLink> make_links(const std::vector<Link>& links, base::Fd netns, bool loopback,
                                  const LinkLog& log) {
    if (links.empty() && !loopback) return {};
    LinkMaker maker(netns, log);
    try {
        if (loopback) maker.raise_loopback();
        for (const Link& link : links) maker.make(link);
    } catch (const base::Exception&) {
        for (const std::string& problem : give_back_links(maker.moved(), netns))
            if (log) log(problem);
        throw;
    }
    return maker.moved();
}

}  // namespace lxvirt::helper
