// The part of the launch plan about the container's network devices. Include helper/exchange/plan.hh
// instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/netlink/port_guard.hh"
#include "base/netlink/traffic.hh"

namespace lxvirt::helper {

// Says how the container gets the device: as one end of a veth pair, as a device on top of one of
// the host's, or by moving a device of the host.
enum class LinkKind : std::uint32_t { veth, macvlan, move, ipvlan, vlan };

// Puts a bridge port into a VLAN (bridge(8)).
struct PortVlan {
    std::uint32_t id = 0;
    bool untagged = false;  // frames without a tag belong to it
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("id", self.id);
        visit("untagged", self.untagged);
    }
};

// An address for one end of a link.
struct Address {
    std::string address, peer;  // `peer`: the other end, of a point-to-point link
    std::uint32_t prefix = 32;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("address", self.address);
        visit("peer", self.peer);
        visit("prefix", self.prefix);
    }
};

// A route for one end of a link.
struct Route {
    std::string destination, gateway;
    std::uint32_t prefix = 0, metric = 0;  // metric 0: the kernel's choice
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("destination", self.destination);
        visit("gateway", self.gateway);
        visit("prefix", self.prefix);
        visit("metric", self.metric);
    }
};

// Describes one device.
struct Link {
    LinkKind kind = LinkKind::veth;
    // Names the device on the host: the host's end of a veth, the device below a macvlan, ipvlan or
    // vlan, or the device to move.
    std::string host;
    std::string guest;  // name in the container; empty with move: unchanged
    std::string mac;
    std::string bridge;              // veth: the bridge of the host's end; empty: none
    std::string alias;               // IFALIAS of the host's end: says to whom it belongs
    std::uint32_t macvlan_mode = 0;  // MACVLAN_MODE_*
    std::uint32_t ipvlan_mode = 0, ipvlan_flags = 0;  // IPVLAN_MODE_*, IPVLAN_F_*
    std::uint32_t vlan_id = 0;                        // of a vlan
    std::uint32_t rx_queues = 1, tx_queues = 1;       // veth: of both ends
    // Makes the host a router for a veth without a bridge: it forwards packets of the container,
    // and answers ARP and NDP requests there for the addresses in `proxied`.
    bool routed = false;
    std::vector<std::string> proxied;
    std::uint32_t mtu = 0;                 // bytes; 0: the kernel's default
    bool up = true;                        // the container's end
    bool isolated = false;                 // veth: exchanges no frames with other isolated ports
    std::optional<base::PortGuard> guard;  // veth: of the host's end
    // Without it the link is not made; other guards are left out on kernels that lack the means.
    bool must_guard = false;
    std::vector<PortVlan> vlans;
    std::optional<base::TrafficLimits> limits;
    std::vector<Address> addresses, host_addresses;  // for the container's end and for the host's
    std::vector<Route> routes, host_routes;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("host", self.host);
        visit("guest", self.guest);
        visit("mac", self.mac);
        visit("bridge", self.bridge);
        visit("alias", self.alias);
        visit("macvlan_mode", self.macvlan_mode);
        visit("ipvlan_mode", self.ipvlan_mode);
        visit("ipvlan_flags", self.ipvlan_flags);
        visit("vlan_id", self.vlan_id);
        visit("rx_queues", self.rx_queues);
        visit("tx_queues", self.tx_queues);
        visit("routed", self.routed);
        visit("proxied", self.proxied);
        visit("mtu", self.mtu);
        visit("up", self.up);
        visit("isolated", self.isolated);
        visit("guard", self.guard);
        visit("must_guard", self.must_guard);
        visit("vlans", self.vlans);
        visit("limits", self.limits);
        visit("addresses", self.addresses);
        visit("host_addresses", self.host_addresses);
        visit("routes", self.routes);
        visit("host_routes", self.host_routes);
    }
};

}  // namespace lxvirt::helper
