// quoting, words, event lines: small makers of text.
#include <gtest/gtest.h>

#include "driver/names.hh"
#include "shell/commands/event_text.hh"
#include "shell/commands/words.hh"
#include "shell/core/quoting.hh"
#include "xml/document/writer.hh"

namespace lxvirt::shell {
namespace {

TEST(Quoting, ShellOnlyWhereNeeded) {
    EXPECT_EQ(quote_for_shell("lxc:///a=b,c@d%"), "lxc:///a=b,c@d%");
    EXPECT_EQ(quote_for_shell("a b"), "'a b'");
    EXPECT_EQ(quote_for_shell("it's"), "'it'\\''s'");
    EXPECT_EQ(quote_for_shell(""), "''");
    EXPECT_EQ(quote_for_shell("a~b"), "'a~b'");
}

TEST(Quoting, XmlEscapesAllFive) {
    EXPECT_EQ(xml::escaped("<a b='1' c=\"2\">&"), "&lt;a b=&apos;1&apos; c=&quot;2&quot;&gt;&amp;");
}

TEST(Quoting, SplitKeepsDoubledCommas) {
    EXPECT_EQ(split_at_commas("a,b,,c"), "a\nb,c\n");
    EXPECT_EQ(split_at_commas(",a"), "\na\n");
}

TEST(Words, AreLibvirts) {
    using driver::DomainState;
    EXPECT_EQ(driver::state_name(DomainState::running), "running");
    EXPECT_EQ(driver::state_name(DomainState::shutdown), "in shutdown");
    EXPECT_EQ(driver::state_name(DomainState::shutoff), "shut off");
    EXPECT_EQ(driver::reason_name(DomainState::running, driver::reason::running_booted), "booted");
    EXPECT_EQ(driver::reason_name(DomainState::running, driver::reason::running_unpaused),
              "unpaused");
    EXPECT_EQ(driver::reason_name(DomainState::paused, driver::reason::paused_user), "user");
    EXPECT_EQ(driver::reason_name(DomainState::paused, driver::reason::paused_starting_up),
              "starting up");
    EXPECT_EQ(driver::reason_name(DomainState::shutoff, driver::reason::shutoff_destroyed),
              "destroyed");
    EXPECT_EQ(driver::reason_name(DomainState::shutoff, driver::reason::shutoff_failed), "failed");
    EXPECT_EQ(driver::reason_name(DomainState::crashed, 1), "panicked");
    EXPECT_EQ(driver::reason_name(DomainState::shutoff, 99), "unknown");
}

TEST(Words, DetailFollowsWhatEndedByItself) {
    driver::DomainStatus status{driver::DomainState::shutoff, driver::reason::shutoff_crashed,
                                "exit status 3"};
    EXPECT_EQ(state_and_reason(status, true), "shut off (crashed: exit status 3)");
    EXPECT_EQ(state_and_reason(status, false), "shut off (crashed)");
    status.reason = driver::reason::shutoff_destroyed;
    EXPECT_EQ(state_and_reason(status, true), "shut off (destroyed)");
    status = {driver::DomainState::running, driver::reason::running_booted, ""};
    EXPECT_EQ(state_and_reason(status, true), "running (booted)");
}

TEST(EventLine, IsVirshs) {
    driver::Event event;
    event.what = driver::DomainEvent{.domain = {.name = "sh1"},
                                     .lifecycle = driver::DomainLifecycle::started,
                                     .detail = driver::detail::started_booted};
    EXPECT_EQ(event_line(event, {}), "event 'lifecycle' for domain 'sh1': Started Booted\n");
    event.seconds = 1795319102;
    event.milliseconds = 69;
    EXPECT_EQ(event_line(event, {.timestamp = true}),
              "2026-11-22 03:45:02.069+0000: event 'lifecycle' for domain 'sh1': Started Booted\n");
    event.note = "exit status 3";
    EXPECT_EQ(event_line(event, {}),
              "event 'lifecycle' for domain 'sh1': Started Booted (exit status 3)\n");
    EXPECT_EQ(event_line(event, {.with_note = false}),
              "event 'lifecycle' for domain 'sh1': Started Booted\n");
}

TEST(EventLine, KindsWithoutWordsAreShort) {
    driver::Event event;
    event.what =
        driver::DomainEvent{.domain = {.name = "m2"}, .kind = driver::DomainEventKind::reboot};
    EXPECT_EQ(event_line(event, {}), "event 'reboot' for domain 'm2'\n");
    event.what = driver::DomainEvent{.domain = {.name = "m2"},
                                     .kind = driver::DomainEventKind::metadata_change};
    EXPECT_EQ(event_line(event, {}),
              "event 'metadata-change' for domain 'm2': type description, uri <null>\n");
}

TEST(EventLine, NetworksHaveNoQuotes) {
    driver::Event event;
    event.what = driver::NetworkEvent{.network = {.name = "lan"},
                                      .lifecycle = driver::NetworkLifecycle::stopped};
    EXPECT_EQ(event_line(event, {}), "event 'lifecycle' for network lan: Stopped\n");
}

}  // namespace
}  // namespace lxvirt::shell
