#include "driver/life/init_signals.hh"

#include <gtest/gtest.h>
#include <signal.h>

namespace lxvirt::driver {

namespace {
constexpr std::uint64_t bit(int signal) {
    return 1ULL << (signal - 1);
}
}  // namespace

TEST(ChooseStop, KnowsSystemdAndBusybox) {
    const InitFacts systemd{.program = "systemd",
                            .blocked = bit(SIGRTMIN + 3) | bit(SIGRTMIN + 5) | bit(SIGTERM),
                            .initctl = true};
    EXPECT_EQ(choose_stop(systemd, StopKind::power_off, StopFlags::none)->signal, SIGRTMIN + 3);
    EXPECT_EQ(choose_stop(systemd, StopKind::reboot, StopFlags::none)->signal, SIGRTMIN + 5);
    const InitFacts busybox{.program = "busybox", .caught = bit(SIGUSR2) | bit(SIGTERM)};
    EXPECT_EQ(choose_stop(busybox, StopKind::power_off, StopFlags::none)->signal, SIGUSR2);
    EXPECT_EQ(choose_stop(busybox, StopKind::reboot, StopFlags::none)->signal, SIGTERM);
}

TEST(ChooseStop, SendsAKnownInitOnlyWhatItListensTo) {
    // A script that is called as busybox's init.
    const InitFacts script{.program = "busybox", .caught = bit(SIGTERM)};
    EXPECT_EQ(choose_stop(script, StopKind::power_off, StopFlags::none)->signal, SIGTERM);
    EXPECT_TRUE(choose_stop(script, StopKind::reboot, StopFlags::none)->then_restart);
    for (const char* program : {"busybox", "systemd", "finit", "s6-svscan"}) {
        EXPECT_EQ(choose_stop({.program = program}, StopKind::power_off, StopFlags::none),
                  std::nullopt);
        const InitFacts pipe{.program = program, .caught = bit(SIGINT), .initctl = true};
        EXPECT_TRUE(choose_stop(pipe, StopKind::power_off, StopFlags::none)->initctl);
    }
}

TEST(ChooseStop, TakesABlockedSignalAfterTheCaughtOnes) {
    const InitFacts tini{.program = "tini", .blocked = ~0ULL};
    EXPECT_EQ(choose_stop(tini, StopKind::power_off, StopFlags::none)->signal, SIGTERM);
    const InitFacts both{.program = "app", .caught = bit(SIGINT), .blocked = bit(SIGTERM)};
    EXPECT_EQ(choose_stop(both, StopKind::power_off, StopFlags::none)->signal, SIGINT);
}

TEST(ChooseStop, ReckonsWithAnInitThatWaitsForSignals) {
    // busybox's init, and a program of unknown kind, in sigtimedwait(2).
    const InitFacts busybox{.program = "busybox", .waits = true};
    EXPECT_EQ(choose_stop(busybox, StopKind::power_off, StopFlags::none)->signal, SIGUSR2);
    EXPECT_EQ(choose_stop({.program = "tini", .waits = true}, StopKind::power_off, StopFlags::none)
                  ->signal,
              SIGTERM);
}

TEST(Receives, WhatIsCaughtOrBlockedAndWhatTheKernelDoesItself) {
    const InitFacts init{.program = "app", .caught = bit(SIGTERM), .blocked = bit(SIGPWR)};
    EXPECT_TRUE(receives(init, SIGTERM));
    EXPECT_TRUE(receives(init, SIGPWR));
    EXPECT_TRUE(receives(init, SIGKILL));
    EXPECT_FALSE(receives(init, SIGINT));
}

TEST(SignalName, IsThatOfTheManual) {
    EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
    EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN");
    EXPECT_EQ(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
}

TEST(ChooseStop, PrefersThePipeOfAnUnknownInit) {
    const InitFacts sysv{.program = "init", .caught = bit(SIGINT), .initctl = true};
    EXPECT_TRUE(choose_stop(sysv, StopKind::power_off, StopFlags::none)->initctl);
    EXPECT_EQ(choose_stop(sysv, StopKind::power_off, StopFlags::signal)->signal, SIGINT);
}

TEST(ChooseStop, SendsAProgramWhatItCatches) {
    const InitFacts program{.program = "nginx", .caught = bit(SIGQUIT) | bit(SIGTERM)};
    const auto stop = choose_stop(program, StopKind::power_off, StopFlags::none);
    EXPECT_EQ(stop->signal, SIGTERM);
    EXPECT_FALSE(stop->then_restart);
    EXPECT_TRUE(choose_stop(program, StopKind::reboot, StopFlags::none)->then_restart);
}

TEST(ChooseStop, FindsNothingForOneThatHandlesNothing) {
    EXPECT_EQ(choose_stop({.program = "sleep"}, StopKind::power_off, StopFlags::none),
              std::nullopt);
    EXPECT_EQ(choose_stop({.program = "systemd"}, StopKind::power_off, StopFlags::initctl),
              std::nullopt);
}

}  // namespace lxvirt::driver
