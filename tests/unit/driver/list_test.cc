#include "driver/api/list.hh"

#include <gmock/gmock.h>

#include "driver/store/definitions.hh"
#include "driver/store/lookup.hh"
#include "driver/store/state.hh"
#include "helper/exchange/status.hh"
#include "tests/unit/driver/fixture.hh"

namespace lxvirt::driver {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ListTest : public RootTest {
  protected:
    [[nodiscard]] std::vector<std::string> names(const ListFilter& filter) const {
        std::vector<std::string> names;
        for (const DomainSummary& domain : list_domains(root, filter)) names.push_back(domain.name);
        return names;
    }

    void write_status(const std::string& name, const std::string& state,
                      const std::string& reason) const {
        helper::HelperStatus status;
        status.state = state;
        status.reason = reason;
        helper::write_status(root.status(name), status);
    }
};

TEST_F(ListTest, IsEmptyInAnEmptyRootAndInOneThatIsNotThere) {
    EXPECT_THAT(names({}), IsEmpty());
    EXPECT_THAT(list_domains(Root(folder / "none"), {}), IsEmpty());
}

TEST_F(ListTest, ShowsActiveOnesFirstAndBrokenOnesByName) {
    write_definition("z", 1);
    write_definition("a", 2);
    base::write_atomic(root.definition("half"), "<domain type='lxc'>\n  <name>half");
    write_definition("up", 3);
    write_live_text("up", 3, "running");
    write_status("up", "running", "booted");
    const auto helper = hold_alive("up");
    const auto list = list_domains(root, {});
    ASSERT_EQ(list.size(), 4U);
    EXPECT_EQ(list[0].name, "up");
    EXPECT_EQ(list[0].id, helper->pid());
    EXPECT_EQ(list[0].state, DomainState::running);
    EXPECT_EQ(list[1].name, "a");
    EXPECT_EQ(list[1].id, -1);
    EXPECT_EQ(list[1].state, DomainState::shutoff);
    EXPECT_EQ(list[1].problem, "");
    EXPECT_EQ(list[2].name, "half");
    EXPECT_THAT(list[2].problem, HasSubstr("half.xml"));
    EXPECT_EQ(list[3].name, "z");
}

TEST_F(ListTest, GivesUuidsAndTitlesWhenAsked) {
    write_definition("a", 2);
    base::write_atomic(root.definition("nouuid"), "<domain type='lxc'>\n</domain>\n");
    const auto list = list_domains(root, {.uuids = true, .titles = true});
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].uuid, uuid(2));
    EXPECT_EQ(list[0].title, "T & a");
    EXPECT_EQ(list[1].uuid, "");
    EXPECT_THAT(list[1].problem, HasSubstr("no valid <uuid>"));
}

TEST_F(ListTest, FiltersByEachPairAndState) {
    write_definition("off", 1);
    write_definition("auto", 2);
    Definitions(root).set_autostart("auto", true);
    write_definition("up", 3);
    write_live_text("up", 3, "running");
    write_status("up", "running", "booted");
    write_live_text("frozen", 4, "running");
    write_status("frozen", "paused", "user");
    const auto up = hold_alive("up");
    const auto frozen = hold_alive("frozen");
    EXPECT_EQ(names({}).size(), 4U);
    EXPECT_THAT(names({.active = false}), ElementsAre("auto", "off"));
    EXPECT_EQ(names({.inactive = false}).size(), 2U);
    EXPECT_THAT(names({.transient = true}), ElementsAre("frozen"));
    EXPECT_THAT(names({.persistent = true}), ElementsAre("up", "auto", "off"));
    EXPECT_THAT(names({.autostart = true}), ElementsAre("auto"));
    EXPECT_EQ(names({.no_autostart = true}).size(), 3U);
    EXPECT_EQ(names({.autostart = true, .no_autostart = true}).size(), 4U);
    EXPECT_THAT(names({.running = true}), ElementsAre("up"));
    EXPECT_THAT(names({.paused = true}), ElementsAre("frozen"));
    EXPECT_THAT(names({.shutoff = true}), ElementsAre("auto", "off"));
    EXPECT_THAT(names({.other = true}), IsEmpty());
}

TEST_F(ListTest, AThousandShutOffAreListed) {
    for (int i = 0; i < 1000; ++i) write_definition(fmt::format("d{}", i), i);
    EXPECT_EQ(list_domains(root, {}).size(), 1000U);
}

TEST_F(ListTest, ACorruptLiveFileIsTheProblemOfItsDomainOnly) {
    write_live_text("ok", 1, "running");
    write_status("ok", "running", "booted");
    write_live_text("bad", 2, "running");
    base::write_atomic(root.status("bad"), "garbage");
    const auto ok = hold_alive("ok");
    const auto bad = hold_alive("bad");
    const auto list = list_domains(root, {});
    ASSERT_EQ(list.size(), 2U);
    for (const DomainSummary& domain : list)
        if (domain.name == "ok")
            EXPECT_EQ(domain.problem, "");
        else
            EXPECT_THAT(domain.problem, HasSubstr(root.status("bad") + ":1: "));
}

class StateTest : public ListTest {};

TEST_F(StateTest, IsThatOfTheHelperWhileItHoldsTheLock) {
    write_live_text("x", 1, "starting");
    const auto helper = hold_alive("x");
    EXPECT_EQ(read_state(root, "x").state, DomainState::paused);
    EXPECT_EQ(read_state(root, "x").reason, reason::paused_starting_up);
    write_status("x", "running", "unpaused");
    EXPECT_EQ(read_state(root, "x").state, DomainState::running);
    EXPECT_EQ(read_state(root, "x").reason, reason::running_unpaused);
    write_status("x", "stopping", "user");
    EXPECT_EQ(read_state(root, "x").state, DomainState::shutdown);
}

TEST_F(StateTest, WithoutTheLockALiveFileOfThisBootIsACrash) {
    write_definition("x", 1);
    EXPECT_EQ(read_state(root, "x").reason, reason::unknown);
    write_live_text("x", 1, "running");
    EXPECT_EQ(read_state(root, "x").state, DomainState::shutoff);
    EXPECT_EQ(read_state(root, "x").reason, reason::shutoff_crashed);
    // A start under way, or cut short: off so far.
    write_live_text("x", 1, "starting");
    EXPECT_EQ(read_state(root, "x").reason, reason::unknown);
    // Of another boot.
    write_live_text("x", 1, "running", "3f3d1a2e-0000-0000-0000-000000000000");
    EXPECT_EQ(read_state(root, "x").reason, reason::unknown);
}

TEST_F(StateTest, RemembersHowTheLastRunEnded) {
    write_definition("x", 1);
    record_end(root, "x", "crashed", "exit status 3");
    const DomainStatus status = read_state(root, "x");
    EXPECT_EQ(status.state, DomainState::shutoff);
    EXPECT_EQ(status.reason, reason::shutoff_crashed);
    EXPECT_EQ(status.detail, "exit status 3");
}

class LookupTest : public RootTest {};

TEST_F(LookupTest, FindsWhatIsDefinedAndWhatRuns) {
    write_definition("off", 1);
    write_live_text("transient", 2, "running");
    EXPECT_FALSE(find_by_name(root, "transient").has_value());  // left by a crash: gone
    const auto helper = hold_alive("transient");
    EXPECT_EQ(find_by_name(root, "off")->id, -1);
    EXPECT_EQ(find_by_name(root, "off")->uuid, uuid(1));
    EXPECT_EQ(find_by_name(root, "transient")->id, helper->pid());
    EXPECT_EQ(find_by_uuid(root, uuid(2))->name, "transient");
    EXPECT_EQ(find_by_uuid(root, uuid(1))->name, "off");
    EXPECT_EQ(find_by_id(root, helper->pid())->name, "transient");
    EXPECT_EQ(find_by_id(root, helper->pid())->uuid, uuid(2));
    EXPECT_FALSE(find_by_id(root, -1).has_value());
    EXPECT_FALSE(find_by_uuid(root, uuid(3)).has_value());
    for (const char* name : {"", "none", "../lxc/off", ".", "off/"})
        EXPECT_FALSE(find_by_name(root, name).has_value()) << name;
}

}  // namespace lxvirt::driver
