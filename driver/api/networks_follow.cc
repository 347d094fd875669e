// LocalNetworks::follow(), which changes a running network as its changed definition asks for. Each
// part of the definition is tried alone: a part that lxnetd can take over while the network runs is
// changed at once, the others wait for the next start and are reported so. Parts are compared by
// their XML, as the structs have no equality.
#include <tuple>

#include "base/codec.hh"
#include "base/error.hh"
#include "driver/api/local.hh"
#include "driver/network/life.hh"
#include "driver/network/process.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

template <typename T>
struct Part {
    const char* name;
    T xml::Network::*member;
};
template <typename T>
Part(const char*, T xml::Network::*) -> Part<T>;

// Ports have the guards that were there when they were plugged in.
constexpr const char* kGuardPart = "lx:guard (of interfaces that are plugged in from now on)";

// Lists all parts of a definition but name and uuid, with the names of their elements and
// attributes. A new member of xml::Network needs a line here.
constexpr std::tuple kParts{
    Part{"ipv6", &xml::Network::ipv6},
    Part{"trustGuestRxFilters", &xml::Network::trust_guest_rx_filters},
    Part{"metadata", &xml::Network::metadata},
    Part{"forward", &xml::Network::forward},
    Part{"bridge", &xml::Network::bridge},
    Part{"mtu", &xml::Network::mtu},
    Part{"mac", &xml::Network::mac},
    Part{"domain", &xml::Network::domain},
    Part{"dns", &xml::Network::dns},
    Part{"vlan", &xml::Network::vlan},
    Part{"bandwidth", &xml::Network::bandwidth},
    Part{"port", &xml::Network::isolated},
    Part{"ip", &xml::Network::ips},
    Part{"route", &xml::Network::routes},
    Part{"virtualport", &xml::Network::virtualport},
    Part{"portgroup", &xml::Network::portgroups},
    Part{"options", &xml::Network::dnsmasq_options},
    Part{kGuardPart, &xml::Network::guard},
};

// Returns whether lxnetd can be handed `to` in place of `from` while the network runs: it can
// change rules and dnsmasq's files, but no bridge, and neither the name of its nftables table nor
// its control group.
bool can_follow(const Root& root, const xml::Network& from, const xml::Network& to) {
    try {
        const netd::NetworkPlan a = compile_network_plan(root, from);
        const netd::NetworkPlan b = compile_network_plan(root, to);
        const auto bridge = [](const netd::NetworkPlan& plan) {
            return plan.bridge ? base::encode(*plan.bridge) : std::string();
        };
        return bridge(a) == bridge(b) && a.table == b.table && a.group == b.group;
    } catch (const base::Exception&) {
        return false;
    }
}

// Returns the text of `network` with one member taken from `from`.
std::string text_with(xml::Network network, auto member, const xml::Network& from) {
    network.*member = from.*member;
    return xml::format_network(network);
}

}  // namespace

std::vector<std::string> LocalNetworks::follow(const NetworkRef& network,
                                               std::string_view before_xml,
                                               std::string_view after_xml) {
    require_write("virNetworkUpdate");
    const auto parse = [&](std::string_view xml) {
        return xml::parse_network(xml, {.file = network.name, .defaults = false}).network;
    };
    const xml::Network before = parse(before_xml), after = parse(after_xml);
    const auto lock = root_.lock_network(network.name);
    const auto running = hold_network(root_, network.name);
    if (!running) return {};
    LiveNetwork changed = *running;
    const std::string text = xml::format_network(before);
    std::vector<std::string> now, later;
    // Sorts one part into `now` or `later`, and puts a part that can be followed into `changed`.
    const auto take = [&](const auto& part) {
        if (text_with(before, part.member, after) == text) return;
        xml::Network next = changed.network;
        next.*part.member = after.*part.member;
        xml::fill_live_defaults(next);
        const bool follows = can_follow(root_, running->network, next);
        (follows ? now : later).emplace_back(part.name);
        if (follows) changed.network = std::move(next);
    };
    std::apply([&](const auto&... part) { (take(part), ...); }, kParts);
    std::vector<std::string> notices;
    if (!now.empty()) {
        try {
            change_network(root_, *running, changed);
            notices.push_back(fmt::format("live: {}", fmt::join(now, ", ")));
        } catch (const base::Exception& error) {
            notices.push_back(
                fmt::format("at next start: {}: {}", fmt::join(now, ", "), error.message()));
        }
    }
    if (!later.empty()) notices.push_back(fmt::format("at next start: {}", fmt::join(later, ", ")));
    return notices;
}

}  // namespace lxvirt::driver
