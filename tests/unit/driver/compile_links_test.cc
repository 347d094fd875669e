// Plans without a host: the links of a domain's interfaces, and their guards.
#include "driver/plan/compile.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hh"
#include "compile_fixture.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

TEST(Compile, NamesLinksAfterTheSupervisor) {
    const helper::Plan plan = plan_of(
        "<devices><interface type='bridge'><source bridge='br0'/><guest dev='eth0'/></interface>"
        "<interface type='bridge'><source bridge='br0'/><link state='up'/></interface></devices>");
    ASSERT_EQ(plan.links.size(), 2U);
    EXPECT_EQ(plan.links[0].host, "vnet4242");
    EXPECT_EQ(plan.links[1].host, "vnet4242n1");
    EXPECT_EQ(plan.links[1].guest, "eth1");
    EXPECT_FALSE(plan.links[0].up)
        << "libvirt raises it only with an address or <link state='up'/>";
    EXPECT_TRUE(plan.links[1].up);
    EXPECT_TRUE(plan.links[0].alias.starts_with("lxvirt:"));
}

TEST(Compile, ActsOnOptionsOfLinks) {
    const std::string nics =
        "<devices><interface type='direct'><source dev='eno1'/></interface>"
        "<interface type='bridge'><source bridge='eno1'/><target dev='v0'/>"
        "<ip address='192.0.2.21' prefix='32'/><route address='0.0.0.0' prefix='0' "
        "gateway='169.254.0.1'/></interface></devices>";
    const auto links =
        plan_of(nics +
                container("<lx:interface index='0'>" + option("ipvlan.mode", "l3s") +
                          option("ipvlan.isolation", "vepa") + option("ipv4.gateway", "dev") +
                          "</lx:interface><lx:interface index='1'>" +
                          option("veth.mode", "router") +
                          option("veth.ipv4.route", "198.51.100.0/24") +
                          option("veth.n_rxqueues", "4") + "</lx:interface>"))
            .links;
    ASSERT_EQ(links.size(), 2U);
    EXPECT_EQ(links[0].kind, helper::LinkKind::ipvlan);
    EXPECT_EQ(links[0].ipvlan_mode, 2U);
    EXPECT_EQ(links[0].ipvlan_flags, 2U);
    EXPECT_EQ(links[0].routes.at(0).prefix, 0U);
    EXPECT_EQ(links[1].bridge, "");
    EXPECT_TRUE(links[1].routed);
    EXPECT_EQ(links[1].rx_queues, 4U);
    EXPECT_EQ(links[1].tx_queues, 1U);
    EXPECT_THAT(links[1].proxied, testing::ElementsAre("169.254.0.1"));
    ASSERT_EQ(links[1].host_routes.size(), 2U);
    EXPECT_EQ(links[1].host_routes[0].destination, "198.51.100.0");
    EXPECT_EQ(links[1].host_routes[1].destination, "192.0.2.21");
    EXPECT_EQ(links[1].routes.at(0).destination, "169.254.0.1");
}

// lxc adds such a route as well; the kernel would refuse the gateway as unreachable.
TEST(Compile, ReachesGatewaysOutsideTheSubnet) {
    const auto routes_of = [](const std::string& parts) {
        return plan_of("<devices><interface type='bridge'><source bridge='eno1'/>" + parts +
                       "</interface></devices>")
            .links.at(0)
            .routes;
    };
    const std::string v4 =
        "<route address='0.0.0.0' prefix='0' gateway='169.254.0.1'/>"
        "<route address='10.9.0.0' prefix='16' gateway='169.254.0.1'/>";
    const auto outside = routes_of("<ip address='10.20.0.17' prefix='32'/>" + v4);
    ASSERT_EQ(outside.size(), 3U);
    EXPECT_EQ(outside[0].destination, "169.254.0.1");
    EXPECT_EQ(outside[0].prefix, 32U);
    EXPECT_EQ(outside[0].gateway, "");
    EXPECT_EQ(outside[1].gateway, "169.254.0.1");
    EXPECT_EQ(routes_of("<ip address='169.254.0.9' prefix='24'/>" + v4).size(), 2U);
    EXPECT_EQ(routes_of("<ip address='10.0.0.1' prefix='32' peer='169.254.0.1'/>" + v4).size(), 2U);
    // No address of the family: the kernel's error is right.
    EXPECT_EQ(routes_of("<ip family='ipv6' address='fd00::1' prefix='64'/>" + v4).size(), 2U);
    const std::string v6 = "<ip family='ipv6' address='fd00::1' prefix='128'/>";
    const auto v6_way =
        routes_of(v6 + "<route family='ipv6' address='::' prefix='0' gateway='fd01::1'/>");
    ASSERT_EQ(v6_way.size(), 2U);
    EXPECT_EQ(v6_way[0].prefix, 128U);
    EXPECT_EQ(
        routes_of(v6 + "<route family='ipv6' address='::' prefix='0' gateway='fe80::1'/>").size(),
        1U);
}

TEST(Compile, GuardsLinks) {
    HostFacts host = made_host();
    host.resolve = [](const xml::Interface& given) {
        xml::Interface made = given;
        made.type =
            given.source == "macvlan" ? xml::InterfaceType::direct : xml::InterfaceType::bridge;
        made.source = "br0";
        return made;
    };
    xml::ContainerGuard networks;
    host.guard = [&](const xml::Interface&) {
        return NetworkGuard{
            {.bpdu = true, .ra = true, .dhcp = true, .address = {}, .addresses = {"10.0.0.9"}},
            networks};
    };
    const auto link_of = [&](const std::string& source, const std::string& extra,
                             const std::string& words) {
        const std::string guard =
            words.empty()
                ? ""
                : container("<lx:interface index='0'><lx:guard " + words + "/></lx:interface>");
        return plan_of("<devices><interface type='" +
                           std::string(source == "eth" ? "ethernet" : "network") +
                           "'><mac address='52:54:00:00:00:01'/>" +
                           (source == "eth" ? "" : "<source network='" + source + "'/>") + extra +
                           "</interface></devices>" + guard,
                       host)
            .links.at(0);
    };
    const base::PortGuard usual{.bpdu = true, .ra = true, .dhcp = true, .address = {}};
    EXPECT_EQ(link_of("net", "", "").guard, usual);
    EXPECT_FALSE(link_of("net", "", "").must_guard);
    EXPECT_FALSE(link_of("eth", "", "").guard);
    const auto opened = link_of("net", "", "ra='no' dhcp='no' bpdu='no'");
    EXPECT_FALSE(opened.guard);
    EXPECT_FALSE(opened.must_guard);
    const auto asked = link_of("net", "<ip address='10.0.0.5'/>", "ip='yes'");
    EXPECT_TRUE(asked.must_guard);
    EXPECT_TRUE(asked.guard->ip);
    EXPECT_FALSE(asked.guard->mac);
    EXPECT_TRUE(asked.guard->dhcp);
    EXPECT_EQ(asked.guard->address, "52:54:00:00:00:01");
    EXPECT_THAT(asked.guard->addresses, testing::ElementsAre("10.0.0.5", "10.0.0.9"));
    const auto filtered = link_of(
        "net",
        "<filterref filter='clean-traffic'><parameter name='IP' value='10.0.0.7'/></filterref>",
        "");
    EXPECT_TRUE(filtered.guard->mac && filtered.guard->ip && filtered.guard->arp);
    EXPECT_THAT(filtered.guard->addresses, testing::ElementsAre("10.0.0.7", "10.0.0.9"));
    EXPECT_TRUE(link_of("eth", "", "mac='yes'").guard->mac);
    // Without an address, on a device below, and by a filter that lxvirt has not.
    networks.mac = true;
    networks.ra = false;
    const auto by_network = link_of("net", "", "");
    EXPECT_TRUE(by_network.guard->mac && !by_network.guard->ra && by_network.guard->dhcp);
    EXPECT_TRUE(by_network.must_guard);
    EXPECT_FALSE(link_of("net", "", "mac='no'").guard->mac);
    networks = {};
    host.guard = [](const xml::Interface&) {
        return NetworkGuard{base::PortGuard{.address = {}}, {}};
    };
    for (const char* words : {"ip='yes'", "arp='yes'"})
        EXPECT_THROW((void)link_of("net", "", words), base::Error) << words;
    EXPECT_THROW((void)link_of("macvlan", "", "mac='yes'"), base::Error);
    EXPECT_NO_THROW((void)link_of("macvlan", "", "mac='no'"));
    EXPECT_THROW((void)link_of("net", "<filterref filter='mine'/>", ""), base::Error);
}

}  // namespace
}  // namespace lxvirt::driver
