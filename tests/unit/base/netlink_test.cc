// Netlink on the real kernel, each test in a network namespace of its own.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "base/netlink/rules.hh"
#include "base/netlink/traffic.hh"

namespace lxvirt::base {
namespace {

class NetlinkTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace can be made";
        netlink_.emplace();
    }
    NetAddress address(const std::string& text, unsigned prefix) {
        NetAddress made = *parse_address(text);
        made.prefix = prefix;
        return made;
    }
    std::optional<Netlink> netlink_;
};

TEST_F(NetlinkTest, MakesABridgeAndTellsOfIt) {
    netlink_->make_bridge({.name = "br0",
                           .mac = parse_mac("52:54:00:01:02:03"),
                           .alias = "ours",
                           .mtu = 1400,
                           .stp = true});
    const auto link = netlink_->link("br0");
    ASSERT_TRUE(link);
    EXPECT_EQ(link->kind, "bridge");
    EXPECT_EQ(link->alias, "ours");
    EXPECT_EQ(link->mtu, 1400U);
    EXPECT_EQ(format_mac(link->mac), "52:54:00:01:02:03");
    EXPECT_FALSE(link->up);
    EXPECT_THROW(netlink_->make_bridge({.name = "br0"}), SystemError);
}

TEST_F(NetlinkTest, AddsAndListsRoutingRules) {
    const std::vector<RoutingRule> rules = {
        {.priority = 7, .in_device = "br0", .mark = 0x10, .mask = 0x30},
        {.v6 = true, .priority = 7, .in_device = "br0"},
        {.priority = 8,
         .in_device = "lo",
         .destination = "10.0.0.0",
         .prefix = 8,
         .blackhole = false},
        {.v6 = true, .priority = 9, .destination = "fd00::", .prefix = 64, .mask = 3}};
    for (const RoutingRule& rule : rules) add_routing_rule(*netlink_, rule);
    const auto contains = [&](const RoutingRule& rule) {
        const auto all = routing_rules(*netlink_);
        return std::find(all.begin(), all.end(), rule) != all.end();
    };
    for (const RoutingRule& rule : rules) {
        EXPECT_TRUE(contains(rule)) << rule.priority;
        EXPECT_THROW(add_routing_rule(*netlink_, rule), SystemError);
        delete_routing_rule(*netlink_, rule);
        EXPECT_FALSE(contains(rule)) << rule.priority;
        EXPECT_THROW(delete_routing_rule(*netlink_, rule), SystemError);
    }
}

TEST_F(NetlinkTest, ListsAddressesAndRoutes) {
    netlink_->make_bridge({.name = "br0"});
    const int index = netlink_->link_index("br0");
    netlink_->add_address(index, address("10.1.2.3", 24), std::nullopt);
    netlink_->set_up(index, true);
    const auto addresses = netlink_->addresses();
    const auto own = std::find_if(addresses.begin(), addresses.end(), [&](const auto& entry) {
        return entry.index == index && entry.address.family == AF_INET;
    });
    ASSERT_NE(own, addresses.end());
    EXPECT_EQ(format_address(own->address), "10.1.2.3");
    EXPECT_EQ(own->address.prefix, 24U);
    const auto routes = netlink_->routes();
    EXPECT_TRUE(std::any_of(routes.begin(), routes.end(), [&](const auto& route) {
        return route.index == index && format_address(route.destination) == "10.1.2.0";
    }));
}

TEST_F(NetlinkTest, HearsOfChanges) {
    const UniqueFd listener = listen_netlink(NETLINK_ROUTE, RTNLGRP_LINK);
    netlink_->make_bridge({.name = "br0"});
    bool heard = false;
    EXPECT_TRUE(read_netlink(listener, [&](const nlmsghdr* header) {
        heard = heard || (header->nlmsg_type == RTM_NEWLINK && link_facts(header).name == "br0");
    }));
    EXPECT_TRUE(heard);
}

TEST_F(NetlinkTest, NamesTheKernelsMissingPartOfALimit) {
    netlink_->make_bridge({.name = "br0"});
    const int index = netlink_->link_index("br0");
    limit_traffic(*netlink_, index, {});  // nothing to remove is no error
    try {
        limit_traffic(*netlink_, index, {.outbound = RateLimit{.rate = 100000}});
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::config_unsupported);
        EXPECT_NE(error.message().find("CONFIG_NET_"), std::string::npos) << error.message();
    }
}

TEST(NetlinkTextTest, FormsOfAddresses) {
    EXPECT_EQ(format_address(*parse_address("fd00::0:2")), "fd00::2");
    EXPECT_FALSE(parse_address("10.1.2.300"));
    EXPECT_FALSE(parse_mac("52:54:00:01:02"));
}

}  // namespace
}  // namespace lxvirt::base
