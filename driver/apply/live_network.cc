// What of a change of a network can be made while it runs.
#include <tuple>

#include "base/codec.hh"
#include "base/error.hh"
#include "driver/apply/live.hh"
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

// Whatever a definition says, bar name and uuid.
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
};

// lxnetd can be handed `to` in place of `from`: it changes rules and dnsmasq's files, no bridge.
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

std::string text_with(xml::Network network, auto member, const xml::Network& from) {
    network.*member = from.*member;
    return xml::format_network(network);
}

}  // namespace

std::vector<std::string> change_live(Connection& connection, const xml::Network& before,
                                     const xml::Network& after) {
    const Root& root = connection.root();
    const auto lock = root.lock_network(after.name);
    const auto running = hold_network(root, after.name);
    if (!running) return {};
    LiveNetwork changed = *running;
    const std::string text = xml::format_network(before);
    std::vector<std::string> now, later;
    const auto take = [&](const auto& part) {
        if (text_with(before, part.member, after) == text) return;
        xml::Network next = changed.network;
        next.*part.member = after.*part.member;
        xml::fill_live_defaults(next);
        const bool follows = can_follow(root, running->network, next);
        (follows ? now : later).emplace_back(part.name);
        if (follows) changed.network = std::move(next);
    };
    std::apply([&](const auto&... part) { (take(part), ...); }, kParts);
    std::vector<std::string> remarks;
    if (!now.empty()) {
        try {
            change_network(root, *running, changed);
            remarks.push_back(fmt::format("live: {}", fmt::join(now, ", ")));
        } catch (const base::Exception& error) {
            remarks.push_back(
                fmt::format("at next start: {}: {}", fmt::join(now, ", "), error.message()));
        }
    }
    if (!later.empty()) remarks.push_back(fmt::format("at next start: {}", fmt::join(later, ", ")));
    return remarks;
}

}  // namespace lxvirt::driver
