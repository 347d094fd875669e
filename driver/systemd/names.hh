// The names of a container at systemd and machined. They are those of libvirt's LXC driver, so that
// a program that looks for `machine-lxc\x2d4711\x2dweb.scope` finds it. The partition
// "/machine/web" is the slice "machine-web.slice"; the machine "lxc-4711-web" has the scope
// "machine-lxc\x2d4711\x2dweb.scope". All are pure functions.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace lxvirt::driver::systemd {

// Escapes a text as systemd-escape(1) does: '/' becomes '-', and a byte that a unit's name may not
// have becomes "\xNN".
[[nodiscard]] std::string escape(std::string_view text);

// Returns the slice of an absolute partition; a partition that is a slice already
// ("/machine.slice") keeps its name.
[[nodiscard]] std::string slice_name(std::string_view partition);

// Returns the machine's name, "lxc-PID-NAME". NAME is reduced to what a host name may contain, and
// the whole to 64 bytes, machined's limit.
[[nodiscard]] std::string machine_name(std::string_view domain, pid_t helper);

// Returns the name of the scope for that machine.
[[nodiscard]] std::string scope_name(std::string_view machine);

}  // namespace lxvirt::driver::systemd
