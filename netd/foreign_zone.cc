#include "netd/foreign_zone.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/netlink/nft_chains.hh"
#include "base/process/spawn.hh"
#include "base/text/text.hh"

namespace lxvirt::netd {

namespace {

constexpr std::chrono::seconds kLimit(10);

void ask(const ZonePlan& plan, const char* command, const std::string& bridge) {
    std::vector<std::string> argv = {plan.program, command, bridge};
    argv.insert(argv.end(), plan.zones.begin(), plan.zones.end());
    const base::SpawnResult result = base::run_program({.argv = std::move(argv), .limit = kLimit});
    if (result.succeeded()) return;
    const std::string_view words = base::trim(result.errors);
    base::fail(base::ErrorCode::operation_failed,
               "cannot {} bridge {} {} zone '{}' of firewalld: {}", command, bridge,
               command == std::string_view("add") ? "to" : "from", plan.zones.front(),
               words.empty() ? result.text() : std::string(words));
}

}  // namespace

ZoneState zone_state(const std::string& bridge) {
    const auto chains = base::dropping_chains(
        bridge, [](const std::string& table) { return table == kFirewalldTable; });
    if (chains.empty()) return ZoneState::no_firewalld;
    return std::any_of(chains.begin(), chains.end(),
                       [](const base::DroppingChain& chain) { return chain.names_device; })
               ? ZoneState::present
               : ZoneState::missing;
}

void put_into_zone(const ZonePlan& plan, const std::string& bridge) {
    ask(plan, "add", bridge);
}

void take_out_of_zone(const ZonePlan& plan, const std::string& bridge) {
    ask(plan, "remove", bridge);
}

}  // namespace lxvirt::netd
