// The system call filter that every container gets: a deny list of calls that have no place in one,
// compiled by libseccomp as a binary tree. Compiling costs about 2 ms, loading 0.1 ms, so the
// driver compiles and the helper only loads. Not for the static helper.
#pragma once

#include <string>

namespace lxvirt::base {

// The filter as sock_filter records (linux/filter.h), native byte order. Denied calls fail with
// EPERM, those that a C library probes for with ENOSYS. Throws SystemError.
[[nodiscard]] std::string default_seccomp_program();

}  // namespace lxvirt::base
