// Time and the running kernel's identity: wall clock for what is shown, monotonic clock for limits
// (std::chrono::steady_clock), boot id for what a reboot makes void.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lxvirt::base {

struct WallTime {
    std::int64_t seconds = 0;  // since 1970, UTC
    unsigned milliseconds = 0;
};

[[nodiscard]] WallTime wall_time();

// Sleeps the whole time, signals notwithstanding.
void sleep_for(std::chrono::milliseconds time);

// /proc/sys/kernel/random/boot_id without its newline: differs after every boot of the host
// (random(4)). Read once.
[[nodiscard]] const std::string& boot_id();

}  // namespace lxvirt::base
