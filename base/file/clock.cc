#include "base/file/clock.hh"

#include <cerrno>
#include <ctime>

#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

WallTime wall_time() {
    struct timespec now = {};
    (void)::clock_gettime(CLOCK_REALTIME, &now);  // cannot fail with a valid clock and address
    return {now.tv_sec, static_cast<unsigned>(now.tv_nsec / 1'000'000)};
}

void sleep_for(std::chrono::milliseconds time) {
    struct timespec rest = {time.count() / 1000, (time.count() % 1000) * 1'000'000};
    // clock_nanosleep() returns the error instead of setting errno, and leaves the rest of the time
    // in `rest`.
    while (::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR) {
    }
}

const std::string& boot_id() {
    static const std::string id(trim(read_file("/proc/sys/kernel/random/boot_id")));
    return id;
}

}  // namespace lxvirt::base
