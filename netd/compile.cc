#include "netd/compile.hh"

#include "base/error.hh"
#include "netd/dnsmasq_config.hh"
#include "netd/foreign_rules.hh"
#include "netd/routing.hh"
#include "netd/ruleset.hh"

namespace lxvirt::netd {

namespace {

base::RateLimit rate_limit(const xml::BandwidthLimit& limit) {
    // Converts a limit to bytes per second and bytes. A limit that has only a floor is shaped to
    // the floor.
    constexpr std::uint64_t kilobyte = 1000, kibibyte = 1024;
    // The parser refuses what does not fit; a value of another caller stays at the highest number.
    const auto times = [](std::uint64_t value, std::uint64_t unit) {
        return value > UINT64_MAX / unit ? UINT64_MAX : value * unit;
    };
    return {.rate = times(limit.average.value_or(limit.floor.value_or(0)), kilobyte),
            .peak = times(limit.peak.value_or(0), kilobyte),
            .burst = times(limit.burst.value_or(0), kibibyte)};
}

BridgePlan bridge_plan(const xml::Network& network, const CompileFacts& facts) {
    // Converts what the kernel's bridge needs. The bridge's alias marks it as the network's own, so
    // that a later start recognises it.
    BridgePlan plan;
    plan.name = network.bridge.name;
    plan.alias = bridge_alias(facts.root_id, network.name);
    plan.mac = network.mac;
    plan.mtu = network.mtu.value_or(0);
    plan.stp = network.bridge.stp;
    plan.delay = network.bridge.delay;
    plan.ipv6 = network.ipv6;
    // A network without <forward> is isolated: the host does not route for it.
    const bool forwards = network.forward.mode != xml::ForwardMode::none;
    plan.checks_sources = is_fenced(network);
    plan.never_forwards = !forwards;
    for (const xml::NetworkIp& ip : network.ips) {
        plan.ipv6 = plan.ipv6 || ip.v6();
        plan.forward_v4 = plan.forward_v4 || (forwards && !ip.v6());
        plan.forward_v6 = plan.forward_v6 || (forwards && ip.v6());
        plan.addresses.push_back({.address = ip.address, .prefix = xml::ip_prefix(ip)});
    }
    for (const xml::Route& route : network.routes)
        plan.routes.push_back({.destination = route.address,
                               .gateway = route.gateway,
                               .prefix = xml::route_prefix(route),
                               .metric = route.metric.value_or(0)});
    if (network.bandwidth) plan.limits = traffic_limits(*network.bandwidth);
    return plan;
}

DnsmasqPlan dnsmasq_plan(const xml::Network& network, const CompileFacts& facts) {
    // Throws config_unsupported if the program was not found.
    if (facts.dnsmasq_program.empty())
        base::fail(base::ErrorCode::config_unsupported,
                   "network '{}' offers DHCP or DNS, which needs dnsmasq: it is in none of "
                   "/usr/sbin, /usr/local/sbin, /sbin, /usr/bin",
                   network.name);
    const auto path = [&](const char* file) { return facts.run_folder + "/" + file; };
    return {.program = facts.dnsmasq_program,
            .config = dnsmasq_config(network, {.pid_file = {},
                                               .leases = path(kLeases),
                                               .hosts = path(kDnsmasqHosts),
                                               .addn_hosts = path(kDnsmasqAddnHosts),
                                               .names = path(kGuestNames),
                                               .addresses = path(kGuestAddresses)}),
            .hosts = dnsmasq_hosts(network),
            .addn_hosts = dnsmasq_addn_hosts(network),
            .confined = can_be_confined(network)};
}

// A zone that the definition names is a condition; else the networks' own zone, which lxvirt brings,
// or libvirt's will do.
std::optional<ZonePlan> zone_plan(const xml::Network& network, const CompileFacts& facts) {
    const std::string& zone = network.bridge.zone;
    if (!zone.empty() && facts.zone_program.empty())
        base::fail(base::ErrorCode::config_unsupported,
                   "network '{}' asks for the zone '{}' of firewalld: this build of lxvirt has no "
                   "lxc_zone (-Dsystemd=enabled makes it)",
                   network.name, zone);
    if (!zone.empty())
        return ZonePlan{.program = facts.zone_program, .zones = {zone}, .required = true};
    if (!facts.accepts_in_foreign_firewall || !is_fenced(network) || facts.zone_program.empty())
        return std::nullopt;
    return ZonePlan{.program = facts.zone_program, .zones = {"lxvirt", "libvirt"}};
}

}  // namespace

std::string network_group(const std::string& root_id, const std::string& name) {
    return fmt::format("/machine/lxvirt-{}-{}.network", root_id, name);
}

std::string bridge_alias(const std::string& root_id, const std::string& name) {
    return fmt::format("lxvirt:{}:network:{}", root_id, name);
}

base::TrafficLimits traffic_limits(const xml::Bandwidth& bandwidth) {
    base::TrafficLimits limits;
    if (bandwidth.inbound) limits.inbound = rate_limit(*bandwidth.inbound);
    if (bandwidth.outbound) limits.outbound = rate_limit(*bandwidth.outbound);
    return limits;
}

NetworkPlan compile_network(const xml::Network& network, const CompileFacts& facts) {
    NetworkPlan plan;
    plan.name = network.name;
    plan.uuid = network.uuid;
    plan.hierarchies = facts.hierarchies;
    plan.group = network_group(facts.root_id, network.name);
    plan.run_folder = facts.run_folder;
    plan.alive_lock = facts.alive_lock;
    plan.journal = facts.journal;
    plan.journal_lock = facts.journal_lock;
    plan.log_file = facts.log_file;
    if (!network.makes_bridge()) return plan;
    plan.bridge = bridge_plan(network, facts);
    plan.ruleset = ruleset(network);
    if (!plan.ruleset.empty()) plan.table = table_name(network);
    plan.routing = routing_rules(network);
    if (facts.accepts_in_foreign_firewall && is_fenced(network))
        plan.foreign.rules = foreign_rules(network);
    plan.foreign.zone = zone_plan(network, facts);
    if (needs_dnsmasq(network)) plan.dnsmasq = dnsmasq_plan(network, facts);
    return plan;
}

}  // namespace lxvirt::netd
