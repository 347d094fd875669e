// The part of the launch plan (helper/plan.hh) that is the container's network devices. Include
// that one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/netlink/traffic.hh"

namespace lxvirt::helper {

enum class LinkKind : std::uint32_t { veth, macvlan, move, ipvlan };

struct PortVlan {
    std::uint32_t id = 0;
    bool untagged = false;  // frames without a tag are of it
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("id", self.id);
        visit("untagged", self.untagged);
    }
};

struct Address {
    std::string address, peer;
    std::uint32_t prefix = 32;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("address", self.address);
        visit("peer", self.peer);
        visit("prefix", self.prefix);
    }
};

struct Route {
    std::string destination, gateway;
    std::uint32_t prefix = 0, metric = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("destination", self.destination);
        visit("gateway", self.gateway);
        visit("prefix", self.prefix);
        visit("metric", self.metric);
    }
};

struct Link {
    LinkKind kind = LinkKind::veth;
    std::string host;   // veth: the host's end; macvlan, ipvlan: the device below; move: the device
    std::string guest;  // name inside; empty for move = keep
    std::string mac;
    std::string bridge;  // veth; empty = none
    std::string alias;   // IFALIAS of what is made on the host
    std::uint32_t macvlan_mode = 0;
    std::uint32_t ipvlan_mode = 0, ipvlan_flags = 0;  // IPVLAN_MODE_*, IPVLAN_F_*
    std::uint32_t rx_queues = 1, tx_queues = 1;       // veth: of both ends
    // veth without a bridge: the host forwards from it and answers there for these addresses
    bool routed = false;
    std::vector<std::string> proxied;
    std::uint32_t mtu = 0;
    bool up = true;         // the guest's end
    bool isolated = false;  // veth: among the bridge's ports
    std::vector<PortVlan> vlans;
    std::optional<base::TrafficLimits> limits;
    std::vector<Address> addresses, host_addresses;
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
        visit("rx_queues", self.rx_queues);
        visit("tx_queues", self.tx_queues);
        visit("routed", self.routed);
        visit("proxied", self.proxied);
        visit("mtu", self.mtu);
        visit("up", self.up);
        visit("isolated", self.isolated);
        visit("vlans", self.vlans);
        visit("limits", self.limits);
        visit("addresses", self.addresses);
        visit("host_addresses", self.host_addresses);
        visit("routes", self.routes);
        visit("host_routes", self.host_routes);
    }
};

}  // namespace lxvirt::helper
