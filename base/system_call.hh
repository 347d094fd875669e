// Errors of system calls that not every kernel has, or that a seccomp filter around lxvirt may
// forbid (a container manager's, a systemd unit's SystemCallFilter=).
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hh"

namespace lxvirt::base {

// "the system call openat2 is missing (Linux 5.6 has it; a filter around lxvirt may forbid it)",
// for a name that base/system_call.cc knows.
[[nodiscard]] std::string missing_call(std::string_view call);

// fail_errno() after `call`, which is named where it is missing (ENOSYS).
template <typename... Args>
[[noreturn]] void fail_call(std::string_view call, fmt::format_string<Args...> format,
                            Args&&... args) {
    const int error = errno;
    std::string what = fmt::format(format, std::forward<Args>(args)...);
    if (error == ENOSYS) what += ": " + missing_call(call);
    throw SystemError(error, what);
}

}  // namespace lxvirt::base
