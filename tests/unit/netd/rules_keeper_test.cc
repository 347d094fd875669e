// The keeper of a network's rules, on the real kernel in a network namespace of the test's own. The
// tables here belong to nobody, so that other programs can remove them.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>

#include "base/error.hh"
#include "netd/rules_keeper.hh"

namespace lxvirt::netd {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTable = "lxvirt_test";
constexpr const char* kRuleset = R"(add table inet lxvirt_test
delete table inet lxvirt_test
table inet lxvirt_test {
    chain forward {
        type filter hook forward priority filter; policy accept;
        iifname "br0" drop
        oifname "br0" ct state { established, related } accept
    }
}
)";
const std::vector<base::RoutingRule> kRouting = {
    {.priority = 202, .in_device = "br0", .mask = 0x10000000},
    {.v6 = true, .priority = 202, .in_device = "br0", .mask = 0x10000000}};

class RulesKeeperTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace can be made";
        if (std::system("nft list tables >/dev/null 2>&1") != 0) GTEST_SKIP() << "no nft";
        keeper_.emplace(loop_, [this](const std::string& problem) {
            problem.empty() ? ++restored_ : ++failed_;
        });
        keeper_->fence(kRouting);
        keeper_->make(kTable, kRuleset);
        whole_ = Firewall().list(kTable);
        ASSERT_NE(whole_, "");
    }
    // Runs the keeper's loop for a time, with `act` at its beginning.
    void run(std::chrono::milliseconds time, const std::function<void()>& act) {
        auto first = loop_.after(1ms, act);
        auto last = loop_.after(time, [this] { loop_.stop(); });
        loop_.run();
    }
    static void shell(const char* command) { EXPECT_EQ(std::system(command), 0) << command; }
    [[nodiscard]] bool whole() const {
        base::Netlink netlink;
        const auto rules = base::routing_rules(netlink);
        return Firewall().list(kTable) == whole_ &&
               std::count_if(rules.begin(), rules.end(), [](const base::RoutingRule& rule) {
                   return rule.in_device == "br0";
               }) == 2;
    }
    base::EventLoop loop_;
    std::optional<RulesKeeper> keeper_;
    std::string whole_;
    int restored_ = 0, failed_ = 0;
};

TEST_F(RulesKeeperTest, RestoresWhatIsRemoved) {
    EXPECT_TRUE(whole());
    run(300ms, [] { shell("nft flush ruleset; ip rule del priority 202"); });
    EXPECT_TRUE(whole());
    EXPECT_GE(restored_, 1);
    EXPECT_TRUE(keeper_->in_force());
}

TEST_F(RulesKeeperTest, RestoresAPartOfTheTable) {
    run(200ms, [] { shell("nft flush chain inet lxvirt_test forward"); });
    EXPECT_TRUE(whole());
}

TEST_F(RulesKeeperTest, RestoresWhatIsAdded) {
    run(200ms, [] { shell("nft insert rule inet lxvirt_test forward accept"); });
    EXPECT_TRUE(whole());
}

TEST_F(RulesKeeperTest, NoticesAFlushDuringARestoration) {
    // The flushes go on while the keeper restores; the last one falls anywhere.
    run(2500ms,
        [] { shell("(for i in $(seq 40); do nft flush ruleset; done) >/dev/null 2>&1 &"); });
    EXPECT_TRUE(whole());
    EXPECT_GE(restored_, 2);
}

TEST_F(RulesKeeperTest, TriesAgainAfterAFailure) {
    // Another process takes the table for itself for a while, so that the keeper is refused.
    Firewall other;
    auto later = loop_.after(
        100ms,
        [&] {
            EXPECT_FALSE(keeper_->in_force());
            other.remove(kTable);
        });
    run(1500ms, [&] {
        other.apply("delete table inet lxvirt_test\ntable inet lxvirt_test {\n flags owner\n}\n");
    });
    EXPECT_TRUE(whole());
    EXPECT_TRUE(keeper_->in_force());
    EXPECT_GE(failed_, 1);
}

TEST_F(RulesKeeperTest, RemovesEverything) {
    keeper_->remove();
    EXPECT_EQ(Firewall().list(kTable), "");
    base::Netlink netlink;
    for (const base::RoutingRule& rule : base::routing_rules(netlink))
        EXPECT_NE(rule.in_device, "br0");
}

}  // namespace
}  // namespace lxvirt::netd
