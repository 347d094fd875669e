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
    const InitFacts systemd{.program = "systemd", .caught = 0, .initctl = true};
    EXPECT_EQ(choose_stop(systemd, StopKind::power_off, StopFlags::none)->signal, SIGRTMIN + 3);
    EXPECT_EQ(choose_stop(systemd, StopKind::reboot, StopFlags::none)->signal, SIGRTMIN + 5);
    const InitFacts busybox{.program = "busybox"};
    EXPECT_EQ(choose_stop(busybox, StopKind::power_off, StopFlags::none)->signal, SIGUSR2);
    EXPECT_EQ(choose_stop(busybox, StopKind::reboot, StopFlags::none)->signal, SIGTERM);
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
