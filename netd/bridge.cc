#include "netd/bridge.hh"

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::netd {

namespace {

using base::NetAddress;
using base::Netlink;

// The text comes from a plan, which the compiler has made from checked addresses; anything else is
// a mistake in lxvirt.
NetAddress address_of(const std::string& text, std::uint32_t prefix) {
    auto address = base::parse_address(text);
    if (!address) base::fail(base::ErrorCode::internal_error, "'{}' is not an IP address", text);
    address->prefix = prefix;
    return *address;
}

// Returns whose bridge it is, to judge by its alias.
std::string owner_text(const std::string& alias) {
    if (alias.starts_with("lxvirt:"))
        return fmt::format("it belongs to another lxvirt network: {}", alias.substr(7));
    return "it is not ours";
}

// Says whether the device is the bridge of `plan`. The kernel gives a new link no alias; a bridge
// whose maker was killed before setting it is recognised by its hardware address.
bool is_ours(const base::LinkFacts& link, const BridgePlan& plan) {
    if (!link.alias.empty()) return link.alias == plan.alias;
    const auto mac = base::parse_mac(plan.mac);
    return link.kind == "bridge" && mac && link.mac == *mac;
}

// Says whether our bridge exists already, and completes its alias. Throws where another device has
// the name.
bool is_there(Netlink& netlink, const BridgePlan& plan) {
    const auto link = netlink.link(plan.name);
    if (!link) return false;
    if (!is_ours(*link, plan))
        base::fail_with(EEXIST, "error creating bridge interface {} ({})", plan.name,
                        owner_text(link->alias));
    if (link->alias.empty()) netlink.set_alias(link->index, plan.alias);
    return true;
}

void set_ipv6(const BridgePlan& plan) {
    const std::string folder = "/proc/sys/net/ipv6/conf/" + plan.name + "/";
    if (!base::exists(folder)) return;  // a kernel without IPv6
    if (!plan.ipv6) base::write_value(folder + "disable_ipv6", "1");
    // The host must take no addresses and routes from its own containers.
    base::write_value(folder + "accept_ra", "0");
    base::write_value(folder + "autoconf", "0");
}

// Sets what the kernel decides without any rule. A strict rp_filter drops a source that the host
// would not reach over this bridge (Documentation/networking/ip-sysctl.rst).
void set_forwarding(const BridgePlan& plan) {
    for (const char* family : {"ipv4", "ipv6"}) {
        const std::string folder = fmt::format("/proc/sys/net/{}/conf/{}/", family, plan.name);
        if (plan.never_forwards && base::exists(folder + "forwarding"))
            base::write_value(folder + "forwarding", "0");
        if (plan.checks_sources && base::exists(folder + "rp_filter"))
            base::write_value(folder + "rp_filter", "1");
    }
}

// Runs a step, for which EEXIST is success: after a take-over the address or route is there
// already.
template <typename Step>
void unless_there(Step&& step) {
    try {
        step();
    } catch (const base::SystemError& error) {
        if (error.error() != EEXIST) throw;
    }
}

void configure(Netlink& netlink, int index, const BridgePlan& plan) {
    set_ipv6(plan);
    set_forwarding(plan);
    for (const PlanAddress& address : plan.addresses)
        unless_there([&] {
            netlink.add_address(index, address_of(address.address, address.prefix), std::nullopt);
        });
    netlink.set_up(index, true);
    for (const PlanRoute& route : plan.routes)
        unless_there([&] {
            netlink.add_route(index, address_of(route.destination, route.prefix),
                              address_of(route.gateway, 0), route.metric);
        });
    if (plan.limits) base::limit_traffic(netlink, index, *plan.limits);
}

}  // namespace

// Makes or takes over the bridge. A bridge that was taken over stays after a failure, since
// containers are plugged into it.
int make_bridge(Netlink& netlink, const BridgePlan& plan) {
    const bool taken_over = is_there(netlink, plan);
    if (!taken_over)
        netlink.make_bridge({.name = plan.name,
                             .mac = base::parse_mac(plan.mac),
                             .alias = plan.alias,
                             .mtu = plan.mtu,
                             .stp = plan.stp,
                             .forward_delay = plan.delay});
    try {
        const int index = netlink.link_index(plan.name);
        configure(netlink, index, plan);
        return index;
    } catch (const base::Exception&) {
        if (!taken_over) remove_bridge(netlink, plan);
        throw;
    }
}

void require_own_name(Netlink& netlink, const BridgePlan& plan) {
    (void)is_there(netlink, plan);
}

bool is_anothers(Netlink& netlink, const BridgePlan& plan) {
    const auto link = netlink.link(plan.name);
    return link && !is_ours(*link, plan);
}

// A bridge of somebody else is left alone.
void remove_bridge(Netlink& netlink, const BridgePlan& plan) {
    const auto link = netlink.link(plan.name);
    if (link && is_ours(*link, plan)) netlink.delete_link(link->index);
}

void release_leaf_ports(Netlink& netlink, int bridge, const std::vector<base::LinkFacts>& links) {
    std::vector<int> waiting;
    for (const base::LinkFacts& link : links)
        if (link.master == bridge && link.carrier && link.kind == "veth" &&
            link.alias.starts_with("lxvirt:") &&
            (link.port_state == base::PortState::listening ||
             link.port_state == base::PortState::learning))
            waiting.push_back(link.index);
    if (waiting.empty()) return;
    // STP is switched off for a moment, because the kernel lets nobody set a port's state while it
    // runs.
    netlink.set_bridge_stp(bridge, false);
    for (const int port : waiting) {
        try {
            netlink.set_port_state(port, base::PortState::forwarding);
        } catch (const base::SystemError&) {
            // The port is gone or has lost its carrier; when it comes back, the kernel sends a
            // notification of its own.
        }
    }
    netlink.set_bridge_stp(bridge, true);
}

}  // namespace lxvirt::netd
