// For system calls that a signal, a slow file system or a tracer can interrupt (signal(7)).
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// What `call` returns, made again for as long as it is -1 with EINTR.
template <typename Call>
auto uninterrupted(Call call) {
    for (;;) {
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

// openat(2), close-on-exec; invalid with errno where it fails, for callers that go on without.
// open_file() and try_read_file() of base/file/file.hh throw.
[[nodiscard]] inline UniqueFd openat_quietly(Fd folder, const std::string& path, int flags,
                                             mode_t mode = 0) {
    return UniqueFd(uninterrupted(
        [&] { return ::openat(folder.get(), path.c_str(), flags | O_CLOEXEC, mode); }));
}
[[nodiscard]] inline UniqueFd open_quietly(const std::string& path, int flags, mode_t mode = 0) {
    return openat_quietly(Fd(AT_FDCWD), path, flags, mode);
}

}  // namespace lxvirt::base
