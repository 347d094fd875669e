#include "xml/network/network.hh"

#include <fmt/format.h>

#include "xml/document/values.hh"

namespace lxvirt::xml {

std::uint64_t lease_seconds(const DhcpLease& lease) {
    // The product fits into 64 bits, as expiry has 32.
    switch (lease.unit) {
        case LeaseUnit::seconds: return lease.expiry;
        case LeaseUnit::minutes: return std::uint64_t{lease.expiry} * 60;
        case LeaseUnit::hours: return std::uint64_t{lease.expiry} * 3600;
    }
    return 0;
}

// The rule is the same as for a route.
unsigned ip_prefix(const NetworkIp& ip) {
    return route_prefix(Route{.address = ip.address, .netmask = ip.netmask, .prefix = ip.prefix});
}

std::string ip_subnet(const NetworkIp& ip) {
    // parse_network() refuses an address that cannot be read; any other caller's counts as all
    // zeros.
    auto address = to_ip_address(ip.address).value_or(SocketAddress{});
    const unsigned prefix = ip_prefix(ip);
    address.clear_beyond(prefix);
    return fmt::format("{}/{}", address.text(), prefix);
}

bool Network::makes_bridge() const {
    switch (forward.mode) {
        case ForwardMode::none:
        case ForwardMode::nat:
        case ForwardMode::route:
        case ForwardMode::open: return true;
        default: return false;
    }
}

bool Network::uses_macvlan() const {
    // A network that uses neither a bridge of its own nor an existing one plugs its interfaces into
    // devices, which a macvlan does.
    return !makes_bridge() && bridge.name.empty();
}

const PortGroup* Network::portgroup(const std::string& wanted) const {
    for (const PortGroup& group : portgroups)
        if (wanted.empty() ? group.is_default : group.name == wanted) return &group;
    return nullptr;
}

}  // namespace lxvirt::xml
