// From a network to lxnetd's plan.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/codec.hh"
#include "base/error.hh"
#include "netd/compile.hh"
#include "netd/publish.hh"
#include "netd/routing.hh"
#include "xml/network/document.hh"

namespace lxvirt::netd {
namespace {

NetworkPlan compile(const std::string& body, const std::string& dnsmasq = "/usr/sbin/dnsmasq",
                    bool accepts = true) {
    const xml::Network network =
        xml::parse_network("<network><name>lan</name>" + body + "</network>").network;
    return compile_network(network, {.root_id = "system",
                                     .dnsmasq_program = dnsmasq,
                                     .accepts_in_foreign_firewall = accepts,
                                     .run_folder = "/run/lxvirt/network/lan"});
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

// What the network offers, and for the families that it has.
TEST(NetworkPlan, AsksOtherFirewallsForWhatItOffers) {
    const auto matches = [](const NetworkPlan& plan, bool input) {
        std::vector<std::string> found;
        for (const ForeignRule& rule : plan.foreign.rules)
            if (rule.input == input) found.push_back(rule.family + " " + rule.match);
        return found;
    };
    const auto asks = [&](const char* body, bool accepts = true) {
        return matches(compile(body + std::string(kAddress), "/usr/sbin/dnsmasq", accepts), false);
    };
    const char* const nat = "<forward/><bridge name='br1'/>";
    const std::vector<std::string> both = {"ip iifname \"br1\"", "ip oifname \"br1\""};
    EXPECT_EQ(asks(nat), both);
    EXPECT_EQ(asks("<forward mode='route'/><bridge name='br1'/>"), both);
    EXPECT_TRUE(asks("<bridge name='br1'/>").empty());
    EXPECT_TRUE(asks("<forward mode='open'/><bridge name='br1'/>").empty());
    EXPECT_TRUE(asks(nat, false).empty());
    EXPECT_EQ(matches(compile(std::string("<bridge name='br1'/>") + kAddress +
                              "<ip family='ipv6' address='fd00::1' prefix='64'/>"),
                      true),
              (std::vector<std::string>{
                  "ip iifname \"br1\" udp dport 53", "ip iifname \"br1\" tcp dport 53",
                  "ip iifname \"br1\" udp dport 67", "ip6 iifname \"br1\" udp dport 53",
                  "ip6 iifname \"br1\" tcp dport 53", "ip6 iifname \"br1\" udp dport 547",
                  "ip6 iifname \"br1\" meta l4proto ipv6-icmp"}));
}

TEST(NetworkPlan, AsksFirewalldForAZone) {
    const auto zone = [](const std::string& bridge, bool accepts, const char* program) {
        const xml::Network network =
            xml::parse_network("<network><name>lan</name><forward/><bridge name='br1'" + bridge +
                               "/><ip address='10.1.0.1' prefix='24'/></network>")
                .network;
        return compile_network(network, {.root_id = "system",
                                         .dnsmasq_program = "/usr/sbin/dnsmasq",
                                         .zone_program = program,
                                         .accepts_in_foreign_firewall = accepts})
            .foreign.zone;
    };
    ASSERT_TRUE(zone("", true, "/z"));
    EXPECT_EQ(zone("", true, "/z")->zones, (std::vector<std::string>{"lxvirt", "libvirt"}));
    EXPECT_FALSE(zone("", true, "/z")->required);
    EXPECT_FALSE(zone("", false, "/z"));
    EXPECT_FALSE(zone("", true, ""));
    ASSERT_TRUE(zone(" zone='home'", false, "/z"));
    EXPECT_EQ(zone(" zone='home'", false, "/z")->zones, std::vector<std::string>{"home"});
    EXPECT_TRUE(zone(" zone='home'", false, "/z")->required);
    EXPECT_THROW((void)zone(" zone='home'", true, ""), base::Error);
}

TEST(Publications, HaveTheirPlacesWhereTheNetworkForwards) {
    const NetworkPlan nat = compile(std::string("<forward/><bridge name='br1'/>") + kAddress);
    const std::vector<Publication> both = {{.proto = "tcp",
                                            .host_address = "",
                                            .address = "10.1.0.5",
                                            .host_port = 8080,
                                            .port = 80,
                                            .file = {}},
                                           {.proto = "udp",
                                            .host_address = "2001:db8::1",
                                            .address = "fd00::5",
                                            .host_port = 53,
                                            .port = 53,
                                            .file = {}}};
    const std::string text = with_publications(nat.ruleset, "br1", both);
    const auto has = [&](const char* rule) { return text.find(rule) != std::string::npos; };
    EXPECT_TRUE(
        has("meta nfproto ipv4 fib daddr type local ip daddr != 127.0.0.0/8 tcp dport 8080 dnat ip "
            "to 10.1.0.5:80\n"));
    EXPECT_TRUE(
        has("ip6 daddr 2001:db8::1 ip6 daddr != ::1 udp dport 53 dnat ip6 to [fd00::5]:53\n"));
    EXPECT_TRUE(has("oifname \"br1\" ip daddr 10.1.0.5 tcp dport 80 ct status dnat accept\n"));
    // An accept is of use before the chain rejects.
    EXPECT_LT(text.find("ct status dnat accept"), text.find("reject"));
    const std::string none = with_publications(nat.ruleset, "br1", {});
    EXPECT_EQ(none.find("published"), std::string::npos);
    EXPECT_EQ(none.find("dnat ip"), std::string::npos);
    const NetworkPlan isolated = compile(std::string("<bridge name='br1'/>") + kAddress);
    EXPECT_EQ(with_publications(isolated.ruleset, "br1", both), isolated.ruleset);
}

TEST(NetworkPlan, DropsWhatHasNoMark) {
    const NetworkPlan plan =
        compile(std::string("<forward mode='route'/><bridge name='br1'/>") + kAddress +
                "<ip family='ipv6' address='fd00::1' prefix='64'/>"
                "<route address='10.9.0.0' prefix='16' gateway='10.1.0.2'/>"
                "<route address='0.0.0.0' prefix='0' gateway='10.1.0.3'/>");
    const auto has = [&](const base::RoutingRule& rule) {
        return std::count(plan.routing.begin(), plan.routing.end(), rule) == 1;
    };
    const Marks marks = marks_of("br1");
    EXPECT_TRUE(has({.priority = 204, .in_device = "br1", .mask = kLeaves}));
    EXPECT_TRUE(has({.v6 = true, .priority = 204, .in_device = "br1", .mask = kLeaves}));
    EXPECT_TRUE(has({.priority = 202,
                     .in_device = "br1",
                     .mark = marks.enters,
                     .mask = kEnters,
                     .blackhole = false}));
    base::RoutingRule to{.priority = 200,
                         .in_device = "lo",
                         .destination = "10.1.0.0",
                         .prefix = 24,
                         .blackhole = false};
    EXPECT_TRUE(has(to));
    to = {.priority = 203, .destination = "10.9.0.0", .prefix = 16, .mask = kEnters};
    EXPECT_TRUE(has(to));
    to.priority = 201;
    to.in_device = "br1";
    EXPECT_TRUE(has(to));
    EXPECT_TRUE(has({.priority = 202,
                     .destination = "10.1.0.0",
                     .prefix = 24,
                     .mark = marks.leaves,
                     .mask = kLeaves,
                     .blackhole = false}));
    EXPECT_TRUE(
        has({.v6 = true, .priority = 203, .destination = "fd00::", .prefix = 64, .mask = kEnters}));
    // Four for each subnet of IPv4, three of IPv6, three for the bridge; none for a default route.
    EXPECT_EQ(plan.routing.size(), 14U);
}

TEST(NetworkPlan, OfAnIsolatedOneDropsEverything) {
    const NetworkPlan plan = compile(std::string("<bridge name='br1'/>") + kAddress);
    for (const base::RoutingRule& rule : plan.routing) EXPECT_EQ(rule.mask, 0U);
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
