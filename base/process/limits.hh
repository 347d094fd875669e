// Resource limits (setrlimit(2)): their names, and the fixed values that every container begins
// with, whoever starts it. Supervisors and programs that enter a container reset theirs first, and
// <lx:prlimit> of the definition comes on top (helper/rights.hh).
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::base {

// Returns the RLIMIT_* of a name in lxc's and libvirt's words, which are those of setrlimit(2)
// without RLIMIT_: "nofile"; nullopt for any other word.
[[nodiscard]] std::optional<std::uint32_t> limit_number(std::string_view name);

// Returns that name; "?" for a number that is no limit's.
[[nodiscard]] std::string_view limit_name(std::uint32_t number);

// Returns what a limit is set to on a host that withholds CAP_SYS_RESOURCE, where no hard limit can
// be raised above `have`, the caller's. `host` are the limits of the host's PID 1. Nothing is
// returned where the soft limit would be lower than what the host gives: the container would depend
// on who starts it. The function is pure.
[[nodiscard]] std::optional<rlimit> limit_within(const rlimit& wanted, const rlimit& have,
                                                 const rlimit& host);

// Sets all resource limits of this process to the fixed ones: those that the kernel gives PID 1
// (include/asm-generic/resource.h), and systemd's for open files. Throws an Error that names the
// limit where limit_within() returns nothing.
void reset_limits();

}  // namespace lxvirt::base
