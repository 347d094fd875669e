// From a network to lxnetd's plan.
#include <gtest/gtest.h>

#include "base/codec.hh"
#include "base/error.hh"
#include "netd/compile.hh"
#include "netd/routing.hh"
#include "xml/network/document.hh"

namespace lxvirt::netd {
namespace {

NetworkPlan compile(const std::string& body, const std::string& dnsmasq = "/usr/sbin/dnsmasq") {
    const xml::Network network =
        xml::parse_network("<network><name>lan</name>" + body + "</network>").network;
    return compile_network(
        network,
        {.root_id = "system", .dnsmasq_program = dnsmasq, .run_folder = "/run/lxvirt/network/lan"});
}

constexpr const char* kAddress =
    "<ip address='10.1.0.1' prefix='24'><dhcp><range start='10.1.0.2' end='10.1.0.9'/></dhcp></ip>";

TEST(NetworkPlan, OfANatHasEverything) {
    const NetworkPlan plan = compile(std::string("<forward/><bridge name='br1'/>") + kAddress);
    ASSERT_TRUE(plan.bridge && plan.dnsmasq);
    EXPECT_EQ(plan.group, "/machine/lxvirt-system-lan.network");
    EXPECT_EQ(plan.bridge->alias, "lxvirt:system:network:lan");
    ASSERT_EQ(plan.bridge->addresses.size(), 1U);
    EXPECT_EQ(plan.bridge->addresses[0].prefix, 24U);
    EXPECT_TRUE(plan.bridge->stp);
    EXPECT_TRUE(plan.bridge->forward_v4);
    EXPECT_FALSE(plan.bridge->forward_v6);
    EXPECT_EQ(plan.table, "lxvirt_br1");
    EXPECT_NE(plan.dnsmasq->config.find("/run/lxvirt/network/lan/leases"), std::string::npos);
    const auto again = base::decode<NetworkPlan>(base::encode(plan), "plan");
    EXPECT_EQ(base::encode(again), base::encode(plan));
}

TEST(NetworkPlan, OfAnIsolatedOneDoesNotForward) {
    const NetworkPlan plan = compile(std::string("<bridge name='br1'/>") + kAddress);
    EXPECT_FALSE(plan.bridge->forward_v4);
    EXPECT_FALSE(plan.ruleset.empty());
}

TEST(NetworkPlan, DropsWhatHasNoMark) {
    const NetworkPlan plan =
        compile(std::string("<forward mode='route'/><bridge name='br1'/>") + kAddress +
                "<ip family='ipv6' address='fd00::1' prefix='64'/>"
                "<route address='10.9.0.0' prefix='16' gateway='10.1.0.2'/>"
                "<route address='0.0.0.0' prefix='0' gateway='10.1.0.3'/>");
    // Two rules for what leaves, and two for each subnet; a default route has none.
    ASSERT_EQ(plan.routing.size(), 8U);
    EXPECT_EQ(plan.routing[0],
              (base::RoutingRule{
                  .v6 = false, .priority = 202, .in_device = "br1", .unmarked = kMayLeave}));
    EXPECT_TRUE(plan.routing[1].v6);
    EXPECT_EQ(plan.routing[2], (base::RoutingRule{.priority = 200,
                                                  .in_device = "lo",
                                                  .destination = "10.1.0.0",
                                                  .prefix = 24,
                                                  .blackhole = false}));
    EXPECT_EQ(
        plan.routing[3],
        (base::RoutingRule{
            .priority = 201, .destination = "10.1.0.0", .prefix = 24, .unmarked = kMayEnter}));
    EXPECT_EQ(plan.routing[7].destination, "10.9.0.0");
}

TEST(NetworkPlan, OfAnIsolatedOneDropsEverything) {
    const NetworkPlan plan = compile(std::string("<bridge name='br1'/>") + kAddress);
    for (const base::RoutingRule& rule : plan.routing) EXPECT_EQ(rule.unmarked, 0U);
    EXPECT_TRUE(plan.bridge->never_forwards && plan.bridge->checks_sources);
    const NetworkPlan open =
        compile(std::string("<forward mode='open'/><bridge name='br1'/>") + kAddress);
    EXPECT_TRUE(open.routing.empty() && open.table.empty() && !open.bridge->checks_sources);
}

TEST(NetworkPlan, OfAnExistingBridgeMakesNothing) {
    const NetworkPlan plan = compile("<forward mode='bridge'/><bridge name='br1'/>");
    EXPECT_FALSE(plan.bridge || plan.dnsmasq);
    EXPECT_TRUE(plan.table.empty());
}

TEST(NetworkPlan, SaysThatDnsmasqIsMissing) {
    EXPECT_THROW((void)compile(std::string("<bridge name='br1'/>") + kAddress, ""), base::Error);
}

TEST(NetworkPlan, TakesBandwidthInBytes) {
    const auto limits = traffic_limits(
        {.inbound = xml::BandwidthLimit{.average = 100, .peak = 200, .burst = 64}, .outbound = {}});
    EXPECT_EQ(limits.inbound->rate, 100000U);
    EXPECT_EQ(limits.inbound->peak, 200000U);
    EXPECT_EQ(limits.inbound->burst, 65536U);
    EXPECT_FALSE(limits.outbound);
}

}  // namespace
}  // namespace lxvirt::netd
