// Notices, what is filled in, live documents, lone devices, XPath.
#include "xml/domain/parse.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "base/uuid.hh"
#include "xml/document/values.hh"
#include "xml/document/xpath.hh"

namespace lxvirt::xml {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string document(const std::string& inside, const std::string& attributes = "") {
    return "<domain type='lxc'" + attributes +
           ">\n<name>x</name>\n<memory>65536</memory>\n"
           "<os><type>exe</type><init>/sbin/init</init></os>\n" +
           inside + "\n</domain>";
}

const std::string kOwn =
    "<features><privnet/><capabilities policy='deny'/></features>";  // nothing to remark

std::vector<std::string> notices(const std::string& text) {
    std::vector<std::string> result;
    for (const Notice& notice : parse_domain(text, {.file = "x.xml"}).notices)
        result.push_back(notice.message());
    return result;
}

TEST(DomainNotices, NameEveryElementAndAttributeLeftOut) {
    EXPECT_THAT(
        notices(document(kOwn + "\n<cpu mode='host-model'><topology/></cpu>\n<memtune>\n"
                                "<min_guarantee>1</min_guarantee></memtune>\n<devices>\n"
                                "<console type='pty' colour='red'>\n<acl/></console>\n"
                                "<graphics type='vnc'/></devices>\n<name>y</name>")),
        ElementsAre("x.xml:6: <cpu> in <domain> is not supported by lxvirt and was left out",
                    "x.xml:8: <min_guarantee> in <memtune> is not supported by lxvirt and was left "
                    "out",
                    "x.xml:10: attribute 'colour' of <console> is not supported by lxvirt and was "
                    "left out",
                    "x.xml:11: <acl> in <console> is not supported by lxvirt and was left out",
                    "x.xml:12: <graphics> in <devices> is not supported by lxvirt and was left out",
                    "x.xml:13: a second <name> counts for nothing and was left out"));
}

TEST(DomainNotices, AreNoneForAPlainDomain) {
    EXPECT_THAT(notices(document(kOwn)), IsEmpty());
}

TEST(DomainNotices, AreNoneForCommentsAndRunTimeFacts) {
    EXPECT_THAT(notices(document(kOwn + "<!-- c --><devices>\n<console type='pty' tty='/dev/pts/1'>"
                                        "<source path='/dev/pts/1'/><alias name='console0'/>"
                                        "</console></devices>",
                                 " id='12'")),
                IsEmpty());
}

TEST(DomainNotices, SayWhoSharesTheHostsNetwork) {
    const std::string shares =
        "x.xml:1: domain 'x' has no <interface> and no <privnet/>: it shares the host's network";
    const std::string deny = "<features><capabilities policy='deny'/></features>";
    EXPECT_THAT(notices(document(deny)), ElementsAre(shares));
    EXPECT_THAT(notices(document(deny + "<devices><interface type='ethernet'/></devices>")),
                IsEmpty());
    EXPECT_THAT(notices(document(deny + "<devices><hostdev mode='capabilities' type='net'><source>"
                                        "<interface>e</interface></source></hostdev></devices>")),
                IsEmpty());
    EXPECT_THAT(notices(document(
                    deny + "<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>"
                           "<lxc:sharenet type='netns' value='n'/></lxc:namespace>")),
                IsEmpty());
}

TEST(DomainNotices, SayWhoIsTrusted) {
    const auto trusted = Contains(HasSubstr("root inside is trusted like root on the host"));
    const auto features = [](const std::string& inside) {
        return document("<features><privnet/>" + inside + "</features>");
    };
    EXPECT_THAT(notices(features("")), trusted);
    EXPECT_THAT(notices(features("<capabilities policy='allow'/>")), trusted);
    EXPECT_THAT(notices(features("<capabilities policy='deny'><sys_admin/></capabilities>")),
                trusted);
    EXPECT_THAT(notices(features("<capabilities><sys_admin state='off'/></capabilities>")),
                IsEmpty());
    EXPECT_THAT(notices(document("<features><privnet/></features><idmap>"
                                 "<uid start='0' target='9' count='1'/>"
                                 "<gid start='0' target='9' count='1'/></idmap>")),
                IsEmpty());
}

TEST(DomainNotices, SayWhichMetadataIsDropped) {
    EXPECT_THAT(notices(document(kOwn + "<metadata><plain/><a xmlns='urn:a'/>\n<a xmlns='urn:a'/>"
                                        "</metadata>")),
                ElementsAre("x.xml:5: <plain> in <metadata> has no XML namespace and was left out",
                            "x.xml:6: <a> in <metadata> is the second of its XML namespace and was "
                            "left out"));
}

TEST(DomainNotices, SayThatConsolePortsAreCounted) {
    EXPECT_THAT(
        notices(document(kOwn + "<devices><console><target port='4'/></console></devices>")),
        ElementsAre(HasSubstr("console port 4 becomes 0")));
}

TEST(DomainParse, MakesUuidAndMacUp) {
    const std::string text = document("<devices><interface type='ethernet'/></devices>");
    const Domain a = parse_domain(text).domain, b = parse_domain(text).domain;
    EXPECT_TRUE(base::parse_uuid(a.uuid));
    EXPECT_TRUE(to_mac(a.interfaces.at(0).mac));
    EXPECT_NE(a.uuid, b.uuid);
    EXPECT_EQ(a.emulator, "/usr/lib/libvirt/libvirt_lxc");
    const Domain bare = parse_domain(text, {.defaults = false}).domain;
    EXPECT_EQ(bare.uuid, "");
    EXPECT_EQ(bare.interfaces.at(0).mac, "");
}

TEST(DomainParse, KeepsRunTimeFactsOfALiveDocumentOnly) {
    const std::string text = document(
        "<devices><interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='b'/>"
        "<target dev='vnet3'/><alias name='net0'/></interface><console type='pty' tty='/dev/pts/1'>"
        "<source path='/dev/pts/1'/><alias name='console0'/></console></devices>",
        " id='77'");
    const Domain live = parse_domain(text, {.live = true}).domain;
    EXPECT_EQ(live.id, 77);
    EXPECT_EQ(live.interfaces.at(0).target, "vnet3");
    EXPECT_EQ(live.interfaces.at(0).alias, "net0");
    EXPECT_EQ(live.consoles.at(0).tty, "/dev/pts/1");
    const std::string printed = format_domain(live, {.live = true});
    EXPECT_THAT(printed, HasSubstr("<domain type='lxc' id='77'>\n"));
    EXPECT_THAT(printed, HasSubstr("  <resource>\n    <partition>/machine</partition>\n"));
    EXPECT_THAT(printed, HasSubstr("    <console type='pty' tty='/dev/pts/1'>\n"
                                   "      <source path='/dev/pts/1'/>\n"
                                   "      <target type='lxc' port='0'/>\n"
                                   "      <alias name='console0'/>\n    </console>\n"));
    const Domain definition = parse_domain(text).domain;
    EXPECT_FALSE(definition.id);
    EXPECT_EQ(definition.interfaces.at(0).target, "");
    EXPECT_EQ(definition.interfaces.at(0).alias, "");
    EXPECT_EQ(definition.consoles.at(0).tty, "");
}

TEST(DomainParse, KeepsTheExtensionLast) {
    const std::string text = document(
        "<c:container xmlns:c='urn:lxvirt:domain:1'><c:sysctl name='a.b' "
        "value='1'/></c:container>" +
        kOwn);
    EXPECT_THAT(notices(text), IsEmpty());
    EXPECT_THAT(format_domain(parse_domain(text).domain),
                HasSubstr("  <lx:container xmlns:lx='urn:lxvirt:domain:1'>\n"
                          "    <lx:sysctl name='a.b' value='1'/>\n  </lx:container>\n"
                          "</domain>\n"));
}

TEST(DomainFormat, WritesNoCharacterThatIsNotReadBack) {
    Domain domain = parse_domain(document(kOwn)).domain;
    domain.os.initargs = {"a\r\nb\tc", "<'\"&>"};
    domain.os.initenv = {{"X'Y", "\r"}};
    domain.filesystems.push_back({.source = "/a\n\tb\r ", .target = "/t"});
    const Domain again = parse_domain(format_domain(domain)).domain;
    EXPECT_EQ(again.os.initargs, domain.os.initargs);
    EXPECT_EQ(again.os.initenv.at(0).name, "X'Y");
    EXPECT_EQ(again.os.initenv.at(0).value, "\r");
    EXPECT_EQ(again.filesystems.at(0).source, "/a\n\tb\r ");
}

TEST(DeviceParse, TakesOneDeviceByItself) {
    const ParsedDevice parsed = parse_device(
        "<disk type='block' device='disk'>\n<driver name='lxc' cache='none'/>\n"
        "<source dev='/dev/loop0'/><target dev='vdb' bus='virtio'/>\n<iotune/></disk>",
        {.file = "d.xml"});
    EXPECT_EQ(format_device(parsed.device, {.indent = 2}),
              "  <disk type='block' device='disk'>\n    <driver name='lxc' cache='none'/>\n"
              "    <source dev='/dev/loop0'/>\n    <target dev='vdb' bus='virtio'/>\n  </disk>\n");
    ASSERT_EQ(parsed.notices.size(), 1U);
    EXPECT_EQ(parsed.notices[0].message(),
              "d.xml:4: <iotune> in <disk> is not supported by lxvirt and was left out");
    EXPECT_THROW((void)parse_device("<graphics type='vnc'/>", ParseOptions{}), base::Error);
}

// What virsh dumpxml --xpath of libvirt 9.0.0 prints.
TEST(XPath, PrintsNodesAsVirsh) {
    const std::string text =
        "<domain type='lxc'><name>a</name><os><type arch='x'>exe</type></os></domain>";
    EXPECT_THAT(evaluate_xpath(text, "//os"),
                ElementsAre("<os>\n  <type arch=\"x\">exe</type>\n</os>"));
    EXPECT_THAT(evaluate_xpath(text, "//type/@arch"), ElementsAre(" arch=\"x\""));
    EXPECT_THAT(evaluate_xpath(text, "//name/text()"), ElementsAre("a"));
    EXPECT_THAT(evaluate_xpath(text, "//type|//name"),
                ElementsAre("<name>a</name>", "<type arch=\"x\">exe</type>"));
    EXPECT_THAT(evaluate_xpath(text, "//nothing"), IsEmpty());
    EXPECT_THAT(evaluate_xpath(text, "/").at(0), HasSubstr("<domain type=\"lxc\">"));
    for (const char* bad : {"//[", "count(//os)", "string(//name)"}) {
        try {
            (void)evaluate_xpath(text, bad);
            ADD_FAILURE() << bad;
        } catch (const base::Error& error) {
            EXPECT_EQ(error.message(),
                      "internal error: Incorrect xpath '" + std::string(bad) + "'");
        }
    }
}

}  // namespace
}  // namespace lxvirt::xml
