// Time, and the identity of the running kernel. The wall clock serves what is shown and logged, the
// monotonic clock (std::chrono::steady_clock) serves time limits, and the boot id tells whether
// recorded state survives from before a reboot of the host.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lxvirt::base {

// A point in time by CLOCK_REALTIME.
struct WallTime {
    std::int64_t seconds = 0;   // since 1970-01-01 00:00 UTC
    unsigned milliseconds = 0;  // 0 to 999
};

// Returns the present time. Cannot fail.
[[nodiscard]] WallTime wall_time();

// Sleeps for the whole of `time`, even if signals interrupt the sleep.
void sleep_for(std::chrono::milliseconds time);

// Returns /proc/sys/kernel/random/boot_id without its newline, a UUID that differs after each boot
// of the host (random(4)). Reads the file once. Throws SystemError where /proc is not mounted.
[[nodiscard]] const std::string& boot_id();

}  // namespace lxvirt::base
