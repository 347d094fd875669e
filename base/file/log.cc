#include "base/file/log.hh"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"

namespace lxvirt::base {

void append_log(const std::string& path, std::string_view text) noexcept {
    // gmtime_r(3) would read the time zone database first, which the static helper has no use for.
    using std::chrono::days;
    const WallTime now = wall_time();
    const std::chrono::sys_seconds second{std::chrono::seconds(now.seconds)};
    const auto day = std::chrono::floor<days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(second - day);
    const std::string line =
        fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+0000: {}\n", int{date.year()},
                    unsigned{date.month()}, unsigned{date.day()}, time.hours().count(),
                    time.minutes().count(), time.seconds().count(), now.milliseconds, text);
    try {
        const UniqueFd fd = open_regular(path, O_WRONLY | O_APPEND | O_CREAT, Links::refuse);
        (void)!::write(fd.get(), line.data(), line.size());
    } catch (const std::exception&) {  // see above: nobody could be told
    }
}

}  // namespace lxvirt::base
