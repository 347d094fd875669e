#include "helper/ending.hh"

#include <gtest/gtest.h>

namespace lxvirt::helper {

namespace {

constexpr base::ExitStatus kClean{.signaled = false, .value = 0};
constexpr base::ExitStatus kFailed{.signaled = false, .value = 3};
base::ExitStatus killed(int signal) {
    return {.signaled = true, .value = signal};
}

}  // namespace

TEST(Ending, RebootFromInsideObeysOnReboot) {
    Supervision supervision;
    const Ending restart = judge_end({.exit = killed(SIGHUP)}, supervision);
    EXPECT_EQ(restart.action, EndAction::restart);
    EXPECT_TRUE(restart.reboot);
    supervision.on_reboot = EndAction::destroy;
    EXPECT_EQ(judge_end({.exit = killed(SIGHUP)}, supervision).action, EndAction::destroy);
}

TEST(Ending, PowerOffAndStatusZeroAreAShutdown) {
    Supervision supervision;
    supervision.on_crash = EndAction::restart;
    for (const auto& exit : {kClean, killed(SIGINT)}) {
        const Ending ending = judge_end({.exit = exit}, supervision);
        EXPECT_EQ(ending.action, EndAction::destroy);
        EXPECT_EQ(ending.reason, "shutdown");
        EXPECT_EQ(ending.event_detail, "Shutdown");
    }
    EXPECT_EQ(judge_end({.exit = killed(SIGINT)}, supervision).exit, "");
}

TEST(Ending, AnyOtherEndIsACrashUnlessAskedFor) {
    Supervision supervision;
    supervision.on_crash = EndAction::restart;
    const Ending crash = judge_end({.exit = kFailed}, supervision);
    EXPECT_EQ(crash.action, EndAction::restart);
    EXPECT_EQ(crash.reason, "crashed");
    EXPECT_EQ(crash.exit, "exit status 3");
    const Ending asked = judge_end({.exit = killed(SIGTERM), .shutdown_asked = true}, supervision);
    EXPECT_EQ(asked.reason, "shutdown");
    EXPECT_EQ(asked.action, EndAction::destroy);
}

TEST(Ending, DestroyedIsNeverRestarted) {
    Supervision supervision;
    supervision.on_crash = supervision.on_poweroff = EndAction::restart;
    const Ending ending = judge_end({.exit = killed(SIGKILL), .destroy_asked = true}, supervision);
    EXPECT_EQ(ending.action, EndAction::destroy);
    EXPECT_EQ(ending.reason, "destroyed");
}

TEST(Ending, NamesTheOutOfMemoryKiller) {
    const Ending ending = judge_end({.exit = killed(SIGKILL), .oom = true}, {});
    EXPECT_EQ(ending.reason, "crashed");
    EXPECT_EQ(ending.exit, "out of memory (killed by signal 9 (KILL))");
    EXPECT_EQ(judge_end({.exit = kFailed, .oom = true}, {}).exit, "exit status 3");
}

}  // namespace lxvirt::helper
