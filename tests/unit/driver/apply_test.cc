// Parts of driver/apply/ by themselves; tests/system/apply_test.py has the whole.
#include <gmock/gmock.h>

#include "driver/apply/apply.hh"
#include "driver/apply/difference.hh"
#include "driver/apply/record.hh"
#include "driver/names.hh"
#include "driver/plan/compile.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "tests/unit/driver/fixture.hh"

namespace lxvirt::driver {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ApplyTest : public RootTest {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "a connection that changes anything needs root";
        connection = open_connection("lxc:///embed?root=" + folder.path());
    }

    [[nodiscard]] DefinitionChange change(const std::string& name, int number) const {
        return {.name = name,
                .uuid = uuid(number),
                .file = name + ".xml",
                .before = definitions.text(name),
                .text = definition(name, uuid(number))};
    }

    // Name and error of each, in the order in which they were done.
    std::vector<std::pair<std::string, std::string>> store(
        const std::vector<DefinitionChange>& changes,
        const std::function<void()>& meanwhile = [] {}) {
        std::vector<std::pair<std::string, std::string>> done;
        connection->define_all(
            changes, [&](const DefinitionChange& one, const std::optional<std::string>& error) {
                done.emplace_back(one.name, error.value_or(""));
                meanwhile();
            });
        return done;
    }

    Definitions definitions{root};
    std::unique_ptr<Connection> connection;
};

TEST_F(ApplyTest, TheRecordKeepsWhateverNameAndFile) {
    AppliedRecord record(*connection);
    const AppliedEntry entry{uuid(1), "/a\tb/\\x\n.xml"};
    record.set(ObjectKind::domain, "tab\tand\\more", entry);
    record.set(ObjectKind::network, "n", {uuid(2), "/n.xml"});
    record.save();
    AppliedRecord again(*connection);
    EXPECT_THAT(again.of(ObjectKind::domain), ElementsAre(Pair("tab\tand\\more", entry)));
    again.erase(ObjectKind::domain, "tab\tand\\more");
    again.save();
    EXPECT_EQ(AppliedRecord(*connection).find(ObjectKind::domain, "tab\tand\\more"), nullptr);
    EXPECT_EQ(AppliedRecord(*connection).find(ObjectKind::network, "n")->file, "/n.xml");
}

TEST_F(ApplyTest, ARecordThatCannotBeReadIsNamedWithItsLine) {
    base::make_folders(root.applied());
    base::write_atomic(root.applied() + "/domains", "# so\nname only\n");
    EXPECT_THAT(message_of([&] { AppliedRecord record(*connection); }),
                HasSubstr(root.applied() + "/domains:2: "));
}

TEST_F(ApplyTest, StoresEachOrSaysWhyNot) {
    write_definition("theirs", 7);
    write_definition("changed", 5);
    const DefinitionChange late = change("changed", 5);
    base::write_atomic(root.definition("changed"), definition("changed", uuid(5)) + "<!-- -->\n");
    const auto done = store({change("a", 1), change("b", 7), late, change("c", 1)});
    EXPECT_THAT(done,
                ElementsAre(Pair("a", ""), Pair("b", HasSubstr("'theirs' is already defined")),
                            Pair("changed", HasSubstr("changed by another program")),
                            Pair("c", HasSubstr("'a' is already defined with uuid"))));
    EXPECT_THAT(definitions.names(), ElementsAre("a", "changed", "theirs"));
    EXPECT_THAT(base::list_folder(root.definitions()),
                ElementsAre("a.xml", "autostart", "changed.xml", "theirs.xml"));
}

TEST_F(ApplyTest, ABusyDomainIsStoredLast) {
    std::optional<base::OperationLock> lock = root.lock_domain("a");
    const auto done = store({change("a", 1), change("b", 2)}, [&] { lock.reset(); });
    EXPECT_THAT(done, ElementsAre(Pair("b", ""), Pair("a", "")));
    EXPECT_THAT(definitions.names(), ElementsAre("a", "b"));
}

TEST_F(ApplyTest, WhatAStartMakesUpIsNoDifference) {
    const std::string text = "<domain type='lxc'><name>x</name><uuid>" + uuid(3) +
                             "</uuid><memory>65536</memory><os><type>exe</type><init>/x</init>"
                             "</os><devices><interface type='bridge'><source bridge='b'/>"
                             "</interface><console type='pty'/></devices></domain>";
    (void)connection->define_xml(text, "x.xml");
    const auto helper = hold_alive("x");
    LiveState live;
    live.phase = LivePhase::running;
    live.helper = helper->pid();
    live.domain = *definitions.load("x");
    live.domain.id = helper->pid();
    name_live_domain(live.domain, helper->pid());
    write_live(root, live);
    EXPECT_EQ(difference_to_live(*connection, ObjectKind::domain, "x"), "");
    live.domain.memory += 1024;
    write_live(root, live);
    EXPECT_THAT(difference_to_live(*connection, ObjectKind::domain, "x"),
                HasSubstr("+  <memory unit='KiB'>66560</memory>"));
}

TEST_F(ApplyTest, WhatIsStoredIsWhatDefineStores) {
    const std::string file = folder.path() + "/x.xml";
    base::write_atomic(file, "<domain type='lxc'><name>x</name><uuid>" + uuid(3) +
                                 "</uuid><memory>65536</memory><os><type>exe</type>"
                                 "<init>/x</init></os></domain>");
    EXPECT_EQ(apply(*connection, {file}, {}, [](const ApplyEvent&) {}).defined, 1U);
    const auto applied = definitions.text("x");
    (void)connection->define_xml(base::read_file(file), file);
    EXPECT_EQ(definitions.text("x"), applied);
    EXPECT_EQ(difference_to_file(*connection, ObjectKind::domain, "x", file), "");
    EXPECT_EQ(applied_file(*connection, ObjectKind::domain, "x"), file);
}

}  // namespace lxvirt::driver
