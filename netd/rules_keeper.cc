#include "netd/rules_keeper.hh"

#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"

namespace lxvirt::netd {

namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPause = 10ms;
constexpr auto kLongestPause = 30'000ms;
constexpr auto kPeriod = 30'000ms;
// Two restorations within this time mean that another program works against us: then the pauses grow
// as after failures, so that the two do not use up a processor.
constexpr auto kSettled = 1s;

// Counts the lines of rules in a table: those of a chain's contents that do not describe the chain.
// Our own texts indent by blanks and nft's by tabs.
std::size_t count_rules(std::string_view text) {
    std::size_t count = 0;
    for (std::string_view line : base::split(text, '\n')) {
        const bool inner = line.starts_with("        ") || line.starts_with("\t\t");
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
            line.remove_prefix(1);
        if (inner && !line.empty() && !line.starts_with("type ")) ++count;
    }
    return count;
}

// Says whether an error of a routing rule is only that this kernel knows nothing of the family.
bool is_without_family(const base::SystemError& error, const base::RoutingRule& rule) {
    return rule.v6 && (error.error() == EAFNOSUPPORT || error.error() == EOPNOTSUPP) &&
           !base::exists("/proc/sys/net/ipv6");
}

}  // namespace

RulesKeeper::RulesKeeper(base::EventLoop& loop, Listener listener)
    : loop_(loop), listener_(std::move(listener)) {}

std::vector<base::RoutingRule> RulesKeeper::missing_routing() {
    std::vector<base::RoutingRule> missing;
    if (rules_.routing.empty()) return missing;
    const std::vector<base::RoutingRule> present = base::routing_rules(netlink_);
    const bool v6 = base::exists("/proc/sys/net/ipv6");
    for (const base::RoutingRule& rule : rules_.routing)
        if ((v6 || !rule.v6) && std::find(present.begin(), present.end(), rule) == present.end())
            missing.push_back(rule);
    return missing;
}

// A rule that is there already was left by an lxnetd that was killed.
void RulesKeeper::add_routing(const std::vector<base::RoutingRule>& rules) {
    for (const base::RoutingRule& rule : rules) {
        try {
            base::add_routing_rule(netlink_, rule);
        } catch (const base::SystemError& error) {
            if (error.error() != EEXIST && !is_without_family(error, rule)) throw;
        }
    }
}

void RulesKeeper::fence(const std::vector<base::RoutingRule>& routing) {
    rules_.routing = routing;
    add_routing(routing);
}

// What is listed right after the change is what later looks compare with; a change by another program
// in between shows in the number of rules.
void RulesKeeper::apply_table() {
    firewall_->apply(rules_.ruleset);
    listed_ = firewall_->list(rules_.table);
    const std::string_view made =
        std::string_view(rules_.ruleset).substr(rules_.ruleset.rfind("\ntable "));
    if (count_rules(listed_) == count_rules(made)) return;
    listed_.clear();
    base::fail(base::ErrorCode::operation_failed,
               "table inet {} was changed by another program while it was made", rules_.table);
}

void RulesKeeper::make(const std::string& table, const std::string& ruleset) {
    rules_.table = table;
    rules_.ruleset = ruleset;
    if (!table.empty()) {
        firewall_.emplace();
        table_watch_.emplace(std::vector<WatchedTable>{{NFPROTO_INET, table}});
        // An lxnetd of an older build has left a table that belongs to nobody.
        firewall_->remove(table);
        apply_table();
    }
    watch();
}

void RulesKeeper::replace(const Rules& rules) {
    if (rules.ruleset == rules_.ruleset && rules.routing == rules_.routing) return;
    const std::vector<base::RoutingRule> before = rules_.routing;
    // The new rules come first and the old ones go last: in between, both have to let a packet through.
    rules_ = rules;
    add_routing(missing_routing());
    if (!rules_.table.empty()) apply_table();
    for (const base::RoutingRule& rule : before) {
        if (std::find(rules_.routing.begin(), rules_.routing.end(), rule) != rules_.routing.end())
            continue;
        try {
            base::delete_routing_rule(netlink_, rule);
        } catch (const base::SystemError& error) {
            if (error.error() != ENOENT) throw;
        }
    }
}

void RulesKeeper::remove() {
    loop_.cancel(std::move(timer_));
    loop_.cancel(std::move(periodic_));
    if (table_watch_) loop_.forget(table_watch_->fd());
    table_watch_.reset();
    for (base::UniqueFd& watch : routing_watch_) {
        if (watch) loop_.forget(watch);
        watch.reset();
    }
    std::exception_ptr failure;
    const auto attempt = [&](auto&& step) {
        try {
            step();
        } catch (const base::SystemError& error) {
            if (error.error() != ENOENT && !failure) failure = std::current_exception();
        } catch (const base::Exception&) {
            if (!failure) failure = std::current_exception();
        }
    };
    if (!rules_.table.empty())
        attempt([&] {
            if (!firewall_) firewall_.emplace();
            firewall_->remove(rules_.table);
        });
    const bool v6 = base::exists("/proc/sys/net/ipv6");
    for (const base::RoutingRule& rule : rules_.routing)
        if (v6 || !rule.v6) attempt([&] { base::delete_routing_rule(netlink_, rule); });
    rules_ = {};
    if (failure) std::rethrow_exception(failure);
}

// --- watching

void RulesKeeper::watch() {
    if (table_watch_)
        loop_.watch(table_watch_->fd(), EPOLLIN, [this](std::uint32_t) { on_change(); });
    if (rules_.routing.empty()) return;
    constexpr int groups[] = {RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE};
    for (int i = 0; i < 2; ++i) {
        routing_watch_[i] = base::listen_netlink(NETLINK_ROUTE, groups[i]);
        loop_.watch(routing_watch_[i], EPOLLIN, [this](std::uint32_t) { on_change(); });
    }
    check_periodically();
}

// Each notification leads to a look, also those of our own changes: a foreign change may hide among
// them.
void RulesKeeper::on_change() {
    bool changed = false;
    try {
        if (table_watch_) changed = table_watch_->changed();
        for (const base::UniqueFd& watch : routing_watch_) {
            if (!watch) continue;
            bool any = false;
            const bool all = base::read_netlink(watch, [&](const nlmsghdr* header) {
                any = any || header->nlmsg_type == RTM_DELRULE;
            });
            changed = changed || any || !all;
        }
    } catch (const base::Exception&) {
        changed = true;
    }
    if (changed && !timer_) check();
}

void RulesKeeper::check() {
    timer_.reset();
    try {
        const std::vector<base::RoutingRule> missing = missing_routing();
        const bool whole =
            rules_.table.empty() || (!listed_.empty() && firewall_->list(rules_.table) == listed_);
        if (whole && missing.empty()) {
            pause_ = 0ms;
            if (!problem_.empty()) listener_(problem_ = {});
            return;
        }
        const auto now = std::chrono::steady_clock::now();
        const bool again = now - restored_ < kSettled;
        restore(missing);
        restored_ = now;
        listener_(problem_ = {});
        // The timer collects what happens until then.
        if (again)
            check_after(pause_);
        else
            pause_ = 0ms;
    } catch (const base::Exception& error) {
        problem_ = error.message();
        listener_(problem_);
        check_after(pause_);
    }
}

void RulesKeeper::restore(const std::vector<base::RoutingRule>& missing) {
    base::test_point("rules-lost");
    add_routing(missing);
    if (!rules_.table.empty()) apply_table();
}

void RulesKeeper::check_after(std::chrono::milliseconds pause) {
    pause_ = std::clamp(pause * 2, std::chrono::milliseconds(kFirstPause),
                        std::chrono::milliseconds(kLongestPause));
    timer_ = loop_.after(pause_, [this] { check(); });
}

void RulesKeeper::check_periodically() {
    periodic_ = loop_.after(
        kPeriod,
        [this] {
            if (!timer_) check();
            check_periodically();
        });
}

}  // namespace lxvirt::netd
