// What systemd and machined call a container. The names are those of libvirt's LXC driver, so that
// what looks for `machine-lxc\x2d4711\x2dweb.scope` finds it: partition "/machine/web" is the slice
// "machine-web.slice", machine "lxc-4711-web" has the scope "machine-lxc\x2d4711\x2dweb.scope".
// Pure.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace lxvirt::driver::systemd {

// As systemd-escape(1): '/' becomes '-', what may not stand in a unit's name "\xNN".
[[nodiscard]] std::string escape(std::string_view text);

// Of an absolute partition; one that already is a slice ("/machine.slice") keeps its name.
[[nodiscard]] std::string slice_name(std::string_view partition);

// "lxc-PID-NAME", of NAME only what a host name may have, at most 64 bytes (machined's limit).
[[nodiscard]] std::string machine_name(std::string_view domain, pid_t helper);

[[nodiscard]] std::string scope_name(std::string_view machine);

}  // namespace lxvirt::driver::systemd
