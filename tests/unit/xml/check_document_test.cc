// What `validate` says: every fault of a document that can be told apart, with its line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/folders.hh"
#include "xml/check_document.hh"
#include "xml/domain/generated.hh"
#include "xml/network/document.hh"
#include "xml/network/generated.hh"

namespace lxvirt::xml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> faults(const std::string& text) {
    std::vector<std::string> lines;
    for (const Notice& fault : check_document(text, {.file = "x.xml", .validate = true}).faults)
        lines.push_back(fault.message());
    return lines;
}

std::string domain(const std::string& rest) {
    return "<domain type='lxc'>\n<name>x</name>\n<memory>65536</memory>\n"
           "<os><type>exe</type><init>/sbin/init</init></os>\n" +
           rest + "</domain>";
}

TEST(CheckDocument, TellsEachFaultOfADomain) {
    EXPECT_THAT(
        faults(domain("<uuid>nope</uuid>\n<vcpu>0</vcpu>\n<on_crash>explode</on_crash>\n"
                      "<devices>\n<interface type='bogus'/>\n"
                      "<interface type='bridge'>\n<mac address='zz'/>\n"
                      "<source bridge='b'/></interface>\n"
                      "<disk type='block'><source dev='/x'/></disk>\n</devices>\n")),
        ElementsAre(HasSubstr("x.xml:5: "), HasSubstr("x.xml:6: "), HasSubstr("x.xml:7: "),
                    HasSubstr("x.xml:9: "), HasSubstr("x.xml:11: "), HasSubstr("x.xml:13: ")));
}

// The <filesystem> without its <source> is wrong because the source was.
TEST(CheckDocument, TellsNoFaultThatOnlyFollowsFromAnother) {
    EXPECT_THAT(faults(domain("<devices><filesystem type='mount'>\n<source dir='relative'/>\n"
                              "<target dir='/'/></filesystem></devices>\n")),
                ElementsAre(HasSubstr("x.xml:6: ")));
    EXPECT_THAT(faults("<network><name>n</name><forward/>\n<ip address='1.2'/></network>"),
                ElementsAre(HasSubstr("x.xml:2: Invalid address '1.2'")));
}

TEST(CheckDocument, TellsEachFaultOfANetwork) {
    EXPECT_THAT(faults("<network>\n<name>n</name>\n<forward mode='magic'/>\n"
                       "<mtu size='x'/>\n<portgroup/>\n<ip address='1.2.3'/></network>"),
                ElementsAre(HasSubstr("x.xml:3: "), HasSubstr("x.xml:4: "), HasSubstr("x.xml:5: "),
                            HasSubstr("x.xml:6: ")));
}

TEST(CheckDocument, StopsAfterAHundredFaults) {
    std::string devices;
    for (int i = 0; i < 5000; ++i) devices += "<interface type='bogus'/>\n";
    const auto found = faults(domain("<devices>\n" + devices + "</devices>\n"));
    EXPECT_EQ(found.size(), 100U);
}

TEST(CheckDocument, WhatTheSchemaRefusesIsNamedElementByElement) {
    EXPECT_THAT(faults(domain("<bogus/>\n<devices><tpm/></devices>\n")),
                ElementsAre(HasSubstr("x.xml:5: <bogus>"), HasSubstr("x.xml:6: <tpm>")));
}

TEST(CheckDocument, TakesEveryKindByItsOutermostElement) {
    EXPECT_THAT(faults("<disk type='block'>\n<source dev='/x'/></disk>"),
                ElementsAre(HasSubstr("x.xml:1: ")));
    EXPECT_THAT(faults("<!-- a\n<network/> --><networkport>\n<plug type='magic'/></networkport>"),
                ElementsAre(HasSubstr("x.xml:2: ")));
    EXPECT_THAT(faults("<a><b></a>"), ElementsAre(HasSubstr("x.xml:1: ")));
    EXPECT_THAT(faults("<a/>"), ElementsAre(HasSubstr("expecting root element of 'domain'")));
    EXPECT_THAT(faults(""), ElementsAre("x.xml:1: Document is empty"));
    EXPECT_THAT(faults("text"), ElementsAre(HasSubstr("x.xml:1: ")));
}

TEST(CheckDocument, EveryDeviceOfTheExamplesIsGood) {
    for (const std::string& path : documents(examples_folder() + "/devices"))
        EXPECT_THAT(faults(base::read_file(path)), IsEmpty()) << path;
}

// --- xml/domain/generated.hh

TEST(Generated, AddressesGoToTheInterfaceThatAgrees) {
    Domain known = parse_domain(domain("<devices><interface type='bridge'><mac "
                                       "address='52:54:00:00:00:01'/><source bridge='a'/>"
                                       "</interface><interface type='bridge'><mac "
                                       "address='52:54:00:00:00:02'/><source bridge='b'/>"
                                       "</interface></devices>"))
                       .domain;
    const auto macs = [&](const std::string& devices) {
        Domain read =
            parse_domain(domain("<devices>" + devices + "</devices>"), {.defaults = false}).domain;
        take_addresses(read, known);
        fill_generated(read);
        std::vector<std::string> found;
        for (const Interface& interface : read.interfaces)
            found.push_back(interface.mac.substr(interface.mac.size() - 2));
        return found;
    };
    const std::string a = "<interface type='bridge'><source bridge='a'/></interface>";
    const std::string b = "<interface type='bridge'><source bridge='b'/></interface>";
    const std::string c = "<interface type='bridge'><source bridge='c'/></interface>";
    EXPECT_THAT(macs(a + b), ElementsAre("01", "02"));
    EXPECT_THAT(macs(b + a), ElementsAre("02", "01"));
    EXPECT_THAT(macs(b), ElementsAre("02"));
    EXPECT_THAT(macs(c + b), ElementsAre("01", "02"));
    EXPECT_THAT(macs("<interface type='bridge'><mac address='52:54:00:00:00:01'/><source "
                     "bridge='z'/></interface>" +
                     a),
                ElementsAre("01", "02"));
}

TEST(Generated, AnIdOfAPortStays) {
    const std::string text = domain(
        "<devices><interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='a'/>"
        "<virtualport type='openvswitch'/></interface></devices>");
    const Domain known = parse_domain(text).domain;
    Domain read = parse_domain(text, {.defaults = false}).domain;
    EXPECT_TRUE(lacks_address(read));
    read.uuid = known.uuid;
    take_addresses(read, known);
    fill_generated(read);
    EXPECT_EQ(format_domain(read), format_domain(known));
}

TEST(Generated, ANetworkKeepsItsUuidAddressAndBridge) {
    const std::string text =
        "<network><name>n</name><ip address='10.9.0.1' prefix='24'/></network>";
    Network known = parse_network(text).network;
    known.bridge.name = "virbr7";
    Network read = parse_network(text, {.defaults = false}).network;
    take_generated(read, known);
    fill_generated(read);
    EXPECT_EQ(format_network(read), format_network(known));
}

TEST(CheckDocument, TellsFaultsOfGuards) {
    const Checked checked = check_document(
        "<domain "
        "type='lxc'><name>x</name><memory>1</memory><os><type>exe</type><init>/i</init></os>\n"
        "<lx:container xmlns:lx='urn:lxvirt:domain:1'>\n"
        "<lx:interface index='7'><lx:guard mac='yes'/></lx:interface></lx:container><devices>\n"
        "<interface type='network'><source network='n'/><filterref filter='mine'/></interface>\n"
        "<interface type='bridge'><source bridge='n'/><filterref "
        "filter='no-ip-spoofing'/></interface>\n"
        "</devices></domain>",
        {.file = "x.xml"});
    std::vector<int> lines;
    for (const Notice& fault : checked.faults) lines.push_back(fault.line);
    EXPECT_EQ(lines, (std::vector<int>{3, 4, 5}));
    EXPECT_EQ(
        check_document(
            "<interface type='network'><source network='n'/><filterref filter='mine'/></interface>",
            {.file = "x.xml"})
            .faults.size(),
        1U);
}

}  // namespace
}  // namespace lxvirt::xml
