#include "driver/store/definitions.hh"
#include "xml/document/scan.hh"

#include <gmock/gmock.h>

#include "driver/store/lookup.hh"
#include "tests/unit/driver/fixture.hh"

namespace lxvirt::driver {

using testing::ElementsAre;
using testing::HasSubstr;

class DefinitionsTest : public RootTest {
  protected:
    Definitions definitions{root};
};

TEST_F(DefinitionsTest, NamesAreThoseOfTheFilesOnly) {
    write_definition("b", 1);
    write_definition("a.b", 2);
    base::write_atomic(root.definitions() + "/.x.xml.12.new", "half");
    base::write_atomic(root.definitions() + "/README", "");
    EXPECT_THAT(definitions.names(), ElementsAre("a.b", "b"));
    EXPECT_TRUE(definitions.exists("b"));
    EXPECT_FALSE(definitions.exists("a"));
}

TEST_F(DefinitionsTest, FindsByUuidWhateverElseIsBroken) {
    base::write_atomic(root.definition("empty"), "");
    base::write_atomic(root.definition("half"), "<domain type='lxc'>\n  <uuid>00000000-");
    base::make_folders(root.definition("folder"));
    write_definition("good", 7);
    EXPECT_EQ(definitions.find_by_uuid(uuid(7)), "good");
    EXPECT_EQ(definitions.find_by_uuid(uuid(8)), std::nullopt);
}

TEST_F(DefinitionsTest, NamesWhatIsWrongWithAFile) {
    write_definition("good", 1);
    base::write_atomic(root.definition("comment"),
                       definition("comment", uuid(2)) + "<!-- mine -->\n\n");
    base::write_atomic(root.definition("empty"), "");
    base::write_atomic(root.definition("blank"), "\n\n");
    base::write_atomic(root.definition("half"), definition("half", uuid(3)).substr(0, 100));
    base::make_folders(root.definition("folder"));
    EXPECT_EQ(definitions.problem("good"), "");
    EXPECT_EQ(definitions.problem("comment"), "");
    EXPECT_EQ(definitions.problem("empty"), root.definition("empty") + ": the file is empty");
    EXPECT_THAT(definitions.problem("blank"), HasSubstr("does not end in </domain>"));
    EXPECT_THAT(definitions.problem("half"),
                HasSubstr(root.definition("half") + ": the file does not"));
    EXPECT_THAT(definitions.problem("folder"), HasSubstr("cannot be read"));
    EXPECT_EQ(definitions.problem("none"), "") << "gone since its folder was read";
}

TEST_F(DefinitionsTest, AutostartIsALinkThatNeedsItsDefinition) {
    write_definition("a", 1);
    EXPECT_FALSE(definitions.autostart("a"));
    definitions.set_autostart("a", true);
    definitions.set_autostart("a", true);
    EXPECT_TRUE(definitions.autostart("a"));
    EXPECT_EQ(base::read_link(root.autostart_link("a")), "../a.xml");
    EXPECT_EQ(base::read_file(root.autostart_link("a")), definition("a", uuid(1)));
    EXPECT_TRUE(definitions.remove("a"));
    EXPECT_FALSE(base::read_link(root.autostart_link("a")).has_value());
    EXPECT_FALSE(definitions.remove("a"));
    definitions.set_autostart("gone", true);
    EXPECT_FALSE(definitions.autostart("gone"));
    definitions.set_autostart("gone", false);
    definitions.set_autostart("gone", false);
    EXPECT_FALSE(base::read_link(root.autostart_link("gone")).has_value());
}

TEST_F(DefinitionsTest, AThousandAreSearchedForAUuid) {
    for (int i = 0; i < 1000; ++i) write_definition(fmt::format("d{}", i), i);
    EXPECT_EQ(definitions.find_by_uuid(uuid(999)), "d999");
    EXPECT_EQ(definitions.find_by_uuid("none"), std::nullopt);
}

TEST(ScanUuid, SkipsCommentsAndTakesAnyForm) {
    EXPECT_EQ(xml::scan_uuid("<!-- <uuid>11111111111141118111111111111111</uuid> -->"
                             "<uuid> 22222222222242228222222222222222\n</uuid>"),
              "22222222-2222-4222-8222-222222222222");
    EXPECT_EQ(xml::scan_uuid("<uuid>junk</uuid>"), std::nullopt);
    EXPECT_EQ(xml::scan_uuid("<uuid>22222222222242228222222222222222"), std::nullopt);
    EXPECT_EQ(xml::scan_uuid("<!-- <uuid>22222222222242228222222222222222</uuid>"), std::nullopt);
    EXPECT_EQ(xml::scan_uuid(""), std::nullopt);
}

TEST(ScanTitle, TakesTheDomainsOwnOnly) {
    EXPECT_EQ(xml::scan_title("<domain>\n  <title>a &lt;b&gt; &amp;amp;</title>\n</domain>"),
              "a <b> &amp;");
    EXPECT_EQ(xml::scan_title("<domain><metadata><title>x</title></metadata></domain>"), "");
    EXPECT_EQ(xml::scan_title("<domain/>"), "");
}

TEST_F(RootTest, UniquenessIsOfNamesAndUuidsOfAllDomains) {
    write_definition("m2", 2);
    write_live_text("transient", 3, "running");
    const auto helper = hold_alive("transient");
    const auto check = [&](const std::string& name, int number) {
        xml::Domain domain;
        domain.name = name;
        domain.uuid = uuid(number);
        return message_of([&] { check_unique(root, domain); });
    };
    EXPECT_EQ(check("m2", 2), "");
    EXPECT_EQ(check("new", 4), "");
    EXPECT_EQ(check("m2", 5), "operation failed: domain 'm2' already exists with uuid " + uuid(2));
    EXPECT_EQ(check("other", 2),
              "operation failed: domain 'm2' is already defined with uuid " + uuid(2));
    EXPECT_EQ(check("other", 3),
              "operation failed: domain 'transient' is already defined with uuid " + uuid(3));
    EXPECT_EQ(check("transient", 6),
              "operation failed: domain 'transient' already exists with uuid " + uuid(3));
    // A definition that has lost its uuid may be written again.
    base::write_atomic(root.definition("m2"), "");
    EXPECT_EQ(check("m2", 5), "");
}

}  // namespace lxvirt::driver
