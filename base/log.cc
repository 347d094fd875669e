#include "base/log.hh"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include "base/clock.hh"
#include "base/error.hh"
#include "base/fd.hh"

namespace lxvirt::base {

void append_log(const std::string& path, std::string_view text) noexcept {
    const WallTime now = wall_time();
    const std::time_t seconds = now.seconds;
    struct tm utc {};
    (void)::gmtime_r(&seconds, &utc);
    const std::string line = fmt::format(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+0000: {}\n", utc.tm_year + 1900, utc.tm_mon + 1,
        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.milliseconds, text);
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (fd) (void)!::write(fd.get(), line.data(), line.size());
}

}  // namespace lxvirt::base
