// Words errors of system calls that an older kernel lacks, or that a seccomp filter around lxvirt
// forbids (a container manager's, or a systemd unit's SystemCallFilter=). In both cases the call
// fails with ENOSYS, and the error names the call.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hh"

namespace lxvirt::base {

// Returns "the system call openat2 is missing (Linux 5.6 has it; a filter around lxvirt may forbid
// it)". For a call that base/system_call.cc does not list, the version is left out.
[[nodiscard]] std::string missing_call(std::string_view call);

// Throws SystemError as fail_errno() does, after a failed `call`; where the errno is ENOSYS the
// sentence says that the call is missing.
template <typename... Args>
[[noreturn]] void fail_call(std::string_view call, fmt::format_string<Args...> format,
                            Args&&... args) {
    const int error = errno;
    std::string what = fmt::format(format, std::forward<Args>(args)...);
    if (error == ENOSYS) what += ": " + missing_call(call);
    throw SystemError(error, what);
}

}  // namespace lxvirt::base
