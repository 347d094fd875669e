// What is done about a domain whose helper was killed, as far as files tell of it. Groups and links
// that were left are tests/system/crashes_test.py's.
#include "driver/device/clean.hh"

#include <gmock/gmock.h>

#include "driver/names.hh"
#include "driver/store/live.hh"
#include "driver/store/state.hh"
#include "helper/objects/groups.hh"
#include "tests/unit/driver/fixture.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {
namespace {

using testing::HasSubstr;

class CleanTest : public RootTest {
  protected:
    // As a start writes it, but without groups.
    void leave_live(LivePhase phase, const std::string& boot = base::boot_id()) const {
        LiveState live;
        live.domain = xml::parse_domain(definition("x", uuid(1))).domain;
        live.phase = phase;
        live.boot = boot;
        write_live(root, std::move(live));
    }
    [[nodiscard]] std::string events() const {
        return base::try_read_file(root.run() + "/events").value_or("");
    }
};

TEST_F(CleanTest, SaysHowARunEndedWhoseHelperWasKilled) {
    for (const LivePhase phase : {LivePhase::running, LivePhase::stopping}) {
        leave_live(phase);
        clean_up(root, "x");
        EXPECT_FALSE(base::exists(root.domain("x")));
        const DomainStatus status = read_state(root, "x");
        EXPECT_EQ(status.state, DomainState::shutoff);
        EXPECT_EQ(status.reason, reason_number(DomainState::shutoff, "crashed"));
        EXPECT_THAT(base::read_file(root.ended("x")), HasSubstr("its lxc_helper was killed"));
        EXPECT_THAT(events(), HasSubstr("Stopped\tCrashed\tits lxc_helper was killed"));
        EXPECT_THAT(events(), HasSubstr(uuid(1)));
    }
}

TEST_F(CleanTest, SaysNothingOfAStartThatDidNotGetFar) {
    leave_live(LivePhase::starting);
    clean_up(root, "x");
    EXPECT_FALSE(base::exists(root.domain("x")));
    EXPECT_FALSE(base::exists(root.ended("x")));
    EXPECT_EQ(events(), "");
}

TEST_F(CleanTest, OnlyRemovesTheFilesOfAnotherBoot) {
    leave_live(LivePhase::running, "00000000-0000-4000-8000-00000000000b");
    clean_up(root, "x");
    EXPECT_FALSE(base::exists(root.domain("x")));
    EXPECT_FALSE(base::exists(root.ended("x")));
    EXPECT_EQ(events(), "");
}

TEST_F(CleanTest, LeavesARunningDomainAlone) {
    leave_live(LivePhase::running);
    const auto helper = hold_alive("x");
    clean_up(root, "x");
    EXPECT_TRUE(base::exists(root.live("x")));
    EXPECT_EQ(events(), "");
}

TEST_F(CleanTest, RemovesAFolderInWhichNothingWasWritten) {
    base::make_folders(root.domain("x"), 0700);
    clean_up(root, "x");
    EXPECT_FALSE(base::exists(root.domain("x")));
    clean_up(root, "x");
    EXPECT_FALSE(base::exists(root.domain("x")));
}

TEST_F(CleanTest, FinishesAHelperThatWasKilledAsItLeftItsGroup) {
    const std::string note = helper::leaving_record(root.domain("x"));
    for (const char* group : {"", "lxvirt-test-group-that-is-not-there/x"}) {
        base::write_atomic(note, group);
        clean_up(root, "x");
        EXPECT_FALSE(base::exists(note)) << group;
    }
}

TEST_F(CleanTest, GivesThePortsOfItsInterfacesBack) {
    std::string text = definition("x", uuid(1));
    text.replace(text.find("    <console"), 0,
                 "    <interface type='network'>\n      <mac address='52:54:00:00:00:01'/>\n"
                 "      <source network='default' portid='" +
                     uuid(7) + "'/>\n    </interface>\n");
    LiveState live;
    live.domain = xml::parse_domain(text, {.live = true}).domain;
    write_live(root, std::move(live));
    // That of a claim that was cut short.
    const std::string port = base::temporary_of(root.ports("default") + "/" + uuid(7) + ".xml");
    base::make_folders(base::parent_folder(port));
    base::write_atomic(port, "");
    clean_up(root, "x");
    EXPECT_FALSE(base::exists(port));
}

TEST_F(CleanTest, TakesAwayNoGroupsWhereALiveDocumentNamesNone) {
    EXPECT_NO_THROW(remove_groups(LiveState()));
}

}  // namespace
}  // namespace lxvirt::driver
