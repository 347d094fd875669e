#include "netd/foreign_keeper.hh"

#include <fmt/format.h>
#include <linux/netfilter.h>

#include <algorithm>
#include <cctype>

#include "base/error.hh"
#include "base/netlink/nft_chains.hh"
#include "base/test_point.hh"
#include "netd/foreign_zone.hh"

namespace lxvirt::netd {

namespace {

using namespace std::chrono_literals;

// Where iptables on nftables has its chains.
constexpr const char* kTable = "filter";

// A reload makes many changes, which one look collects.
constexpr auto kFirstPause = 20ms;
constexpr auto kLongestPause = 30'000ms;
// Two repairs within this time mean that another program removes the rules each time; the pauses then
// grow.
constexpr auto kSettled = 1s;

// Chains that nft could not take without quotes are left alone; iptables makes none of its own.
bool is_plain(const std::string& name) {
    return !name.empty() && std::all_of(
                                name.begin(), name.end(),
                                [](unsigned char c) {
                                    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
                                });
}

// What has to stand in the chains of one family.
struct Wanted {
    base::ChainPlace place;  // `input`: the top of the chain
    bool input = false;
    std::vector<const ForeignRule*> rules;
};

std::vector<Wanted> wanted_in(const std::string& family,
                              const std::vector<base::DroppingChain>& chains,
                              const std::vector<ForeignRule>& rules) {
    std::vector<Wanted> all;
    for (const base::DroppingChain& chain : chains) {
        Wanted wanted{.place = chain.input ? base::ChainPlace{chain.name, 0} : chain.end,
                      .input = chain.input,
                      .rules = {}};
        if (chain.family != family || !is_plain(wanted.place.chain)) continue;
        for (const ForeignRule& rule : rules)
            if (rule.family == family && rule.input == chain.input) wanted.rules.push_back(&rule);
        if (!wanted.rules.empty()) all.push_back(std::move(wanted));
    }
    return all;
}

// Says whether the rules stand where they should, and nowhere else.
bool is_settled(const std::vector<Wanted>& wanted,
                const std::vector<base::CommentedRule>& present) {
    std::size_t asked = 0;
    for (const Wanted& one : wanted) {
        asked += one.rules.size();
        const auto there =
            std::count_if(present.begin(), present.end(), [&](const base::CommentedRule& rule) {
                return one.input ? rule.chain == one.place.chain : rule.behind == one.place;
            });
        if (static_cast<std::size_t>(there) != one.rules.size()) return false;
    }
    return present.size() == asked;
}

std::string rule_text(const std::string& family, const Wanted& wanted, const ForeignRule& rule,
                      const std::string& comment) {
    const auto& [chain, handle] = wanted.place;
    return fmt::format("{} rule {} {} {}{} {} accept comment \"{}\"\n",
                       wanted.input || handle != 0 ? "insert" : "add", family, kTable, chain,
                       handle != 0 ? fmt::format(" handle {}", handle) : "", rule.match, comment);
}

}  // namespace

ForeignKeeper::ForeignKeeper(base::EventLoop& loop, std::string comment, std::string device,
                             Log log)
    : loop_(loop), comment_(std::move(comment)), device_(std::move(device)), log_(std::move(log)) {}

bool ForeignKeeper::settle_rules(bool anew) {
    std::vector<base::DroppingChain> chains;
    if (!plan_.rules.empty())
        chains = base::dropping_chains(device_,
                                       [](const std::string& table) { return table == kTable; });
    std::string text;
    for (const char* family : {"ip", "ip6"}) {
        const auto present =
            base::commented_rules(family, kTable, comment_, std::string(kTablePrefix));
        const auto wanted = wanted_in(family, chains, plan_.rules);
        if (!anew && is_settled(wanted, present)) continue;
        for (const base::CommentedRule& rule : present)
            text += fmt::format("delete rule {} {} {} handle {}\n", family, kTable, rule.chain,
                                rule.handle);
        for (const Wanted& one : wanted)
            for (const ForeignRule* rule : one.rules)
                text += rule_text(family, one, *rule, comment_);
    }
    if (text.empty()) return false;
    if (!firewall_) firewall_.emplace();
    firewall_->apply(text);
    base::test_point("foreign-rules-written");
    return true;
}

bool ForeignKeeper::settle_zone() {
    if (!plan_.zone || zone_state(device_) != ZoneState::missing) return false;
    put_into_zone(*plan_.zone, device_);
    return true;
}

void ForeignKeeper::keep(bool anew) {
    timer_.reset();
    try {
        const bool wrote = settle_rules(anew);
        const bool changed = settle_zone();
        problem_.clear();
        const auto now = std::chrono::steady_clock::now();
        if (now - written_ > kSettled) pause_ = 0ms;
        if (!wrote && !changed) return;
        written_ = now;
        if (wrote)
            log_(fmt::format("changed the rules '{}' in the table filter of another program",
                             comment_));
        if (changed) log_(fmt::format("put {} into a zone of firewalld", device_));
    } catch (const base::Exception& error) {
        if (problem_ != error.message())
            log_(fmt::format("the firewall of another program: {}", error.message()));
        problem_ = error.message();
        keep_after(pause_);
    }
}

void ForeignKeeper::keep_after(std::chrono::milliseconds pause) {
    if (timer_) return;
    pause_ = std::clamp(pause * 2, std::chrono::milliseconds(kFirstPause),
                        std::chrono::milliseconds(kLongestPause));
    timer_ = loop_.after(pause_, [this] { keep(); });
}

void ForeignKeeper::make(ForeignPlan plan) {
    plan_ = std::move(plan);
    if (plan_.zone && plan_.zone->required) put_into_zone(*plan_.zone, device_);
    // The rules that other networks put there are no reason to look.
    watch_.emplace(
        std::vector<WatchedTable>{
            {NFPROTO_IPV4, kTable}, {NFPROTO_IPV6, kTable}, {NFPROTO_INET, kFirewalldTable}},
        std::string(kTablePrefix));
    loop_.watch(watch_->fd(), EPOLLIN, [this](std::uint32_t) { on_change(); });
    keep();
}

void ForeignKeeper::replace(ForeignPlan plan) {
    if (plan == plan_) return;
    plan_ = std::move(plan);
    keep(true);
}

void ForeignKeeper::on_change() {
    bool changed = true;
    try {
        changed = watch_->changed();
    } catch (const base::Exception& error) {
        log_(error.message());
    }
    if (changed) keep_after(pause_);
}

void ForeignKeeper::remove(const ForeignPlan& plan) {
    loop_.cancel(std::move(timer_));
    if (watch_) loop_.forget(watch_->fd());
    watch_.reset();
    plan_ = {};
    const auto attempt = [&](auto&& step) {
        try {
            step();
        } catch (const base::Exception& error) {
            log_(fmt::format("the firewall of another program: {}", error.message()));
        }
    };
    attempt([&] { (void)settle_rules(false); });
    attempt([&] {
        if (plan.zone && zone_state(device_) == ZoneState::present)
            take_out_of_zone(*plan.zone, device_);
    });
}

}  // namespace lxvirt::netd
