// Keeps the rules of one running network in force: its routing rules and its nftables table. Whenever
// the kernel tells of a change of either, and twice a minute besides, what is there is compared with
// what should be there, and made again where it differs. A failure is tried again after a pause that
// grows from 10 ms to 30 s.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.hh"
#include "base/netlink/netlink.hh"
#include "base/netlink/rules.hh"
#include "netd/firewall.hh"

namespace lxvirt::netd {

// The rules of a network.
struct Rules {
    std::vector<base::RoutingRule> routing;
    std::string table;    // of nftables; empty: none
    std::string ruleset;  // makes or replaces the table
};

class RulesKeeper {
  public:
    // Hears what happens: `problem` is empty after rules were restored, else says why they could not
    // be.
    using Listener = std::function<void(const std::string& problem)>;

    // Borrows the loop. The listener is called from the loop only.
    RulesKeeper(base::EventLoop& loop, Listener listener);

    // Adds the routing rules, which from here on keep the network's bridge from forwarding. Throws
    // SystemError.
    void fence(const std::vector<base::RoutingRule>& routing);
    // Makes the table, and begins to watch. The routing rules are those of fence(). Throws
    // SystemError and Error(operation_failed).
    void make(const std::string& table, const std::string& ruleset);
    // Changes to other rules of the same table. Throws as make(), with the former rules in force as
    // far as that is possible.
    void replace(const Rules& rules);
    // Stops watching and removes everything; the bridge is gone by now. Throws for the first thing that
    // cannot be removed, after trying the others.
    void remove();
    // Does the same for rules that an earlier process has made.
    void adopt(const Rules& rules) { rules_ = rules; }

    // Says whether the rules were in force when they were last looked at.
    [[nodiscard]] bool in_force() const { return problem_.empty(); }

  private:
    // Returns the routing rules that are missing.
    [[nodiscard]] std::vector<base::RoutingRule> missing_routing();
    void add_routing(const std::vector<base::RoutingRule>& rules);
    void apply_table();
    void watch();
    void on_change();
    void check();
    void restore(const std::vector<base::RoutingRule>& missing);
    void check_after(std::chrono::milliseconds pause);
    void check_periodically();

    base::EventLoop& loop_;
    Listener listener_;
    Rules rules_;
    std::string listed_;  // the table as nft prints it when it is whole
    base::Netlink netlink_;
    std::optional<Firewall> firewall_;
    std::optional<TableWatch> table_watch_;
    base::UniqueFd routing_watch_[2];  // of IPv4 and IPv6
    base::UniqueFd timer_, periodic_;
    std::chrono::milliseconds pause_{0};  // before the next try
    std::chrono::steady_clock::time_point restored_;
    std::string problem_;
};

}  // namespace lxvirt::netd
