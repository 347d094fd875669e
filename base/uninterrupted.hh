// Restarts system calls that a signal, a slow file system or a tracer has interrupted (signal(7),
// "Interruption of system calls").
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// Calls `call` until its result is not -1 with EINTR, and returns that result. errno is that of the
// last call.
template <typename Call>
auto uninterrupted(Call call) {
    for (;;) {
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

// Opens `path` relative to `folder` with O_CLOEXEC added (openat(2)). Returns an invalid
// descriptor, with errno set, on failure: for callers to whom the failure is a normal case. The
// variants that throw are open_file() and try_read_file() in base/file/file.hh.
[[nodiscard]] inline UniqueFd openat_quietly(Fd folder, const std::string& path, int flags,
                                             mode_t mode = 0) {
    return UniqueFd(uninterrupted(
        [&] { return ::openat(folder.get(), path.c_str(), flags | O_CLOEXEC, mode); }));
}
// Opens `path` in the same way, relative to the working folder.
[[nodiscard]] inline UniqueFd open_quietly(const std::string& path, int flags, mode_t mode = 0) {
    return openat_quietly(Fd(AT_FDCWD), path, flags, mode);
}

}  // namespace lxvirt::base
