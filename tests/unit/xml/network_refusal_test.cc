// Bad networks: libvirt's words, then the place and what would be right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "base/text/text.hh"
#include "tests/support/folders.hh"
#include "xml/network/document.hh"

namespace lxvirt::xml {
namespace {

using ::testing::StartsWith;

std::string error_of(const std::string& text) {
    try {
        (void)parse_network(text, {.file = "x.xml"});
    } catch (const base::Error& error) {
        return error.message();
    }
    return "(accepted)";
}

std::string network(const std::string& line_3, const std::string& attributes = "") {
    return "<network" + attributes + ">\n<name>x</name>\n" + line_3 + "\n</network>\n";
}

struct Refusal {
    std::string fragment, message;
};

std::vector<Refusal> refusals() {
    std::vector<Refusal> result;
    const std::string text = base::read_file(tests_folder() + "/golden/network-refusals.txt");
    std::string fragment;
    for (const std::string_view line : base::split(text, '\n')) {
        if (line.empty() || line.front() == '#') continue;
        if (fragment.empty()) {
            fragment = line;
            continue;
        }
        result.push_back({fragment, std::string(line)});
        fragment.clear();
    }
    return result;
}

TEST(NetworkRefusal, SaysWhatAndWhere) {
    ASSERT_GE(refusals().size(), 140U);
    for (const Refusal& refusal : refusals()) {
        const std::string message = error_of(network(refusal.fragment));
        EXPECT_THAT(message, StartsWith(refusal.message)) << refusal.fragment;
        // The hint is "(FILE:LINE: what would be right)".
        EXPECT_NE(message.find(" (x.xml:"), std::string::npos) << message;
    }
}

TEST(NetworkRefusal, NamesTheLine) {
    EXPECT_THAT(error_of(network("<dns>\n<txt name='a'/>\n</dns>")),
                StartsWith("missing required value attribute in DNS TXT record named 'a' of "
                           "network x (x.xml:4: "));
    EXPECT_THAT(error_of("<network>\n<bridge name='b'/>\n"), StartsWith("x.xml:3: "));
    EXPECT_THAT(
        error_of("<domain/>"),
        StartsWith("XML error: expecting root element of 'network', not 'domain' (x.xml:1"));
}

TEST(NetworkRefusal, KnowsNamesUuidsAndAttributes) {
    EXPECT_THAT(error_of("<network/>"), StartsWith("missing name information (x.xml:1"));
    EXPECT_THAT(error_of("<network><name/></network>"), StartsWith("missing name information"));
    EXPECT_THAT(error_of("<network><name>a/b</name></network>"),
                StartsWith("invalid char in name: / (x.xml:1"));
    EXPECT_THAT(error_of("<network><name>..</name></network>"),
                StartsWith("XML error: name .. is not allowed"));
    EXPECT_THAT(error_of(network("<uuid>12</uuid>")),
                StartsWith("internal error: malformed uuid element (x.xml:3"));
    EXPECT_THAT(error_of(network("", " ipv6='maybe'")),
                StartsWith("XML error: Invalid ipv6 setting 'maybe' in network 'x' (x.xml:1"));
    EXPECT_THAT(error_of(network("", " trustGuestRxFilters='maybe'")),
                StartsWith("XML error: Invalid value for attribute 'trustGuestRxFilters' in "
                           "element 'network': 'maybe'."));
    EXPECT_THAT(error_of(network("<d:options><d:option/></d:options>",
                                 " xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'")),
                StartsWith("internal error: No dnsmasq options value specified (x.xml:3"));
}

// dnsmasq would end with "illegal repeated keyword" at the network's start.
TEST(NetworkRefusal, RefusesDnsmasqOptionsThatRepeatOurs) {
    const auto with = [](const std::string& option, const std::string& more = "") {
        return error_of(
            network("<d:options>\n<d:option value='" + option + "'/></d:options>" + more,
                    " xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'"));
    };
    const std::string dhcp =
        "<ip address='10.0.0.1' prefix='24'><dhcp>"
        "<range start='10.0.0.2' end='10.0.0.9'/></dhcp></ip>";
    for (const std::string option : {"pid-file=/x", "user = root", "group=root", "log-facility=-"})
        EXPECT_THAT(with(option),
                    StartsWith("unsupported configuration: dnsmasq option '" +
                               option.substr(0, option.find_first_of("= ")) +
                               "' of network 'x' repeats one of lxvirt's own, and dnsmasq would "
                               "not start (x.xml:4: "));
    for (const std::string option : {"dhcp-leasefile=/x", "dhcp-lease-max=7"}) {
        EXPECT_THAT(with(option, dhcp), StartsWith("unsupported configuration: dnsmasq option"));
        EXPECT_EQ(with(option), "(accepted)");
    }
    EXPECT_THAT(with("bind-interfaces"), ::testing::HasSubstr("beside bind-dynamic"));
    EXPECT_THAT(with("port=54", "<dns enable='no'/>"), ::testing::HasSubstr("<dns enable='no'/>"));
    for (const char* option : {"port=54", "dhcp-option=3", "log-queries", "addn-hosts=/x"})
        EXPECT_EQ(with(option, dhcp), "(accepted)");
}

// The options of a network that runs have been taken by its dnsmasq.
TEST(NetworkRefusal, TakesTheOptionsOfARunningNetwork) {
    const std::string text = network("<d:options><d:option value='log-facility=-'/></d:options>",
                                     " xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'");
    EXPECT_NO_THROW((void)parse_network(text, {.live = true}));
    EXPECT_THROW((void)parse_network(text, {}), base::Error);
}

TEST(NetworkParse, APortGroupTakesTheNetworksTypeAndNoIdIsInvented) {
    const ParsedNetwork parsed = parse_network(
        network("<forward mode='bridge'/><bridge name='b'/><virtualport type='openvswitch'/>\n"
                "<portgroup name='p'><virtualport><parameters profileid='q'/></virtualport>"
                "</portgroup>"),
        {});
    ASSERT_TRUE(parsed.network.virtualport);
    EXPECT_TRUE(parsed.network.virtualport->parameters.empty());
    ASSERT_EQ(parsed.network.portgroups.size(), 1U);
    ASSERT_TRUE(parsed.network.portgroups[0].virtualport);
    EXPECT_EQ(parsed.network.portgroups[0].virtualport->type, "");
    EXPECT_THAT(parsed.network.portgroups[0].virtualport->parameters,
                ::testing::ElementsAre(::testing::Pair("profileid", "q")));
}

// Documents of running ports have it; libvirt's schema takes it everywhere.
TEST(NetworkParse, TheClassOfABandwidthIsTakenAndForgotten) {
    const std::string text = network(
        "<ip address='10.0.0.1' prefix='24'/>"
        "<bandwidth classID='2'><inbound average='9'/></bandwidth>\n"
        "<portgroup name='p'><bandwidth classID='3'><inbound average='9'/></bandwidth>"
        "</portgroup>");
    EXPECT_THAT(parse_network(text, {.validate = true}).notices, ::testing::IsEmpty());
}

TEST(NetworkRefusal, NamesWhatItLeavesOut) {
    const ParsedNetwork parsed =
        parse_network(network("<bridge name='b' stp='no'/>\n<portgroup name='p' default='maybe'/>\n"
                              "<title>t</title>\n<domain/>\n<ip address='10.0.0.1' prefix='24'>\n"
                              "<dhcp><bootp file='x'/></dhcp></ip>"),
                      {.file = "x.xml"});
    std::vector<std::string> messages;
    for (const Notice& notice : parsed.notices) messages.push_back(notice.message());
    EXPECT_THAT(
        messages,
        ::testing::ElementsAre(
            "x.xml:3: stp='no' of <bridge> is not on or off, and was taken for on",
            "x.xml:4: default='maybe' of <portgroup> is not yes or no, and was taken for no",
            "x.xml:5: <title> in <network> is not supported by lxvirt and was left out",
            "x.xml:6: <domain> without a name was left out",
            "x.xml:8: <bootp> needs a file, and a <range> or <host> beside it; it was left out"));
}

std::string port_error(const std::string& inside) {
    try {
        (void)parse_network_port("<networkport>\n" + inside + "</networkport>", {.file = "p.xml"});
    } catch (const base::Error& error) {
        return error.message();
    }
    return "(accepted)";
}

// Guards that would guard nothing.
TEST(NetworkRefusal, KnowsGuards) {
    const auto refusal = [](const std::string& rest, const std::string& inner) {
        try {
            (void)parse_network("<network xmlns:lx='urn:lxvirt:network:1'><name>x</name>" + rest +
                                    "\n<lx:network>" + inner + "</lx:network></network>",
                                {.file = "x.xml"});
        } catch (const base::Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(
        refusal("<portgroup name='a'/>",
                "<lx:guard mac='yes'/><lx:portgroup name='a'><lx:guard ra='no'/></lx:portgroup>"),
        "");
    EXPECT_THAT(refusal("", "<lx:portgroup name='a'><lx:guard ra='no'/></lx:portgroup>"),
                ::testing::HasSubstr("network 'x' has no portgroup 'a' (x.xml:2: "));
    EXPECT_THAT(refusal("", "<lx:guard mac='yes'/><lx:guard ip='yes'/>"),
                ::testing::HasSubstr("a second <lx:guard> (x.xml:2: "));
    EXPECT_THAT(refusal("", "<lx:guard mac='maybe'/>"), ::testing::HasSubstr("x.xml:2: "));
    EXPECT_THAT(
        refusal("<forward mode='bridge'><interface dev='d'/></forward>", "<lx:guard mac='yes'/>"),
        ::testing::HasSubstr("network 'x' has no ports on the host that could be guarded"));
}

TEST(NetworkRefusal, KnowsPorts) {
    const std::string owner =
        "<owner><name>a</name><uuid>80683df9-b63a-43ab-b565-2bed015c0f86</uuid></owner>\n";
    const std::string mac = "<mac address='52:54:00:11:22:33'/>\n";
    EXPECT_EQ(port_error(owner + mac), "(accepted)");
    EXPECT_THAT(port_error(mac), StartsWith("internal error: network port has no owner name"));
    EXPECT_THAT(port_error("<owner><name>a</name></owner>"),
                StartsWith("internal error: network port has no owner UUID"));
    EXPECT_THAT(port_error(owner), StartsWith("internal error: network port has no mac (p.xml:1"));
    EXPECT_THAT(port_error(owner + "<mac address='x'/>"),
                StartsWith("internal error: Unable to parse MAC 'x' (p.xml:3"));
    EXPECT_THAT(port_error(owner + mac + "<plug type='bridge'/>"),
                StartsWith("XML error: Missing network port bridge name (p.xml:4"));
    EXPECT_THAT(port_error(owner + mac + "<plug type='direct'/>"),
                StartsWith("XML error: Missing network port link device name (p.xml:4"));
    EXPECT_THAT(port_error(owner + mac + "<plug type='hostdev-pci'/>"),
                StartsWith("XML error: Invalid value for attribute 'type' in element 'plug'"));
}

}  // namespace
}  // namespace lxvirt::xml
