#include "netd/log_limit.hh"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::netd {

LogLimit::LogLimit(std::string path)
    : path_(std::move(path)), events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (!events_ || ::inotify_add_watch(events_.get(), path_.c_str(), IN_MODIFY) < 0)
        base::fail_errno("watch '{}'", path_);
}

// dnsmasq keeps the file open, so the file is cut in its place and not renamed. A line that is written
// between the copy and the cut is lost.
void LogLimit::take() const {
    alignas(inotify_event) std::array<char, 4096> buffer;
    while (::read(events_.get(), buffer.data(), buffer.size()) > 0) {
    }
    const base::UniqueFd log = base::open_regular(path_, O_RDWR | O_APPEND, base::Links::refuse);
    struct stat facts = {};
    if (::fstat(log.get(), &facts) != 0) base::fail_errno("stat '{}'", path_);
    if (facts.st_size <= kLogLimit) return;
    std::string kept(kLogKept, '\0');
    const ssize_t got = ::pread(log.get(), kept.data(), kept.size(), facts.st_size - kLogKept);
    kept.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    kept.erase(0, kept.find('\n') + 1);  // the first line is not whole
    if (::ftruncate(log.get(), 0) != 0) base::fail_errno("cut '{}'", path_);
    const std::string text = fmt::format(
        "lxnetd: earlier lines were removed, the log had {} bytes\n{}", facts.st_size, kept);
    if (::write(log.get(), text.data(), text.size()) < 0) base::fail_errno("write '{}'", path_);
}

}  // namespace lxvirt::netd
