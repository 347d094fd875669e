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
    EXPECT_EQ(choose_stop(systemd, StopKind::power_off, {})->signal, SIGRTMIN + 3);
    EXPECT_EQ(choose_stop(systemd, StopKind::reboot, {})->signal, SIGRTMIN + 5);
    const InitFacts busybox{.program = "busybox"};
    EXPECT_EQ(choose_stop(busybox, StopKind::power_off, {})->signal, SIGUSR2);
    EXPECT_EQ(choose_stop(busybox, StopKind::reboot, {})->signal, SIGTERM);
}

TEST(ChooseStop, PrefersThePipeOfAnUnknownInit) {
    const InitFacts sysv{.program = "init", .caught = bit(SIGINT), .initctl = true};
    EXPECT_TRUE(choose_stop(sysv, StopKind::power_off, {})->initctl);
    EXPECT_EQ(choose_stop(sysv, StopKind::power_off, {StopMode::signal})->signal, SIGINT);
}

TEST(ChooseStop, SendsAProgramWhatItCatches) {
    const InitFacts program{.program = "nginx", .caught = bit(SIGQUIT) | bit(SIGTERM)};
    const auto stop = choose_stop(program, StopKind::power_off, {});
    EXPECT_EQ(stop->signal, SIGTERM);
    EXPECT_FALSE(stop->then_restart);
    EXPECT_TRUE(choose_stop(program, StopKind::reboot, {})->then_restart);
}

TEST(ChooseStop, FindsNothingForOneThatHandlesNothing) {
    EXPECT_EQ(choose_stop({.program = "sleep"}, StopKind::power_off, {}), std::nullopt);
    EXPECT_EQ(choose_stop({.program = "systemd"}, StopKind::power_off, {StopMode::initctl}),
              std::nullopt);
}

}  // namespace lxvirt::driver
