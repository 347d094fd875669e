// A container's scope on a host whose PID 1 is systemd: a group that systemd makes for us and
// leaves to us (Delegate=yes, systemd's CGROUP_DELEGATION.md). The container's groups and that of
// its supervisor are made below it, as they are made below a partition on any other host. It holds
// the supervisor, so it ends with it, whatever ends that.
//
// The bus is spoken by a program of its own, lxc_scope, which is there where lxvirt was built with
// libsystemd: lxsh and lxc_agent stay static, and who needs no scope pays nothing. Where systemd
// cannot be asked the container gets the groups it gets everywhere else; `log` hears why.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "driver/plan/compile.hh"
#include "driver/store/root.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver::systemd {

using Log = std::function<void(const std::string& text)>;

// Whether a start below this root is to ask systemd: lxvirt.conf's `systemd`, and what the host is.
// One access(2) where systemd is not there.
[[nodiscard]] bool wants_scope(const Root& root, const HostFacts& host, const Log& log);

// Has `helper` put into a scope of its own; the scope's folder in the v2 tree, or nothing.
[[nodiscard]] std::optional<std::string> make_scope(const xml::Domain& domain, pid_t helper,
                                                    const Log& log);

// Whether a container's group is in a scope: what make_scope() made, as live.xml names it.
[[nodiscard]] bool is_in_scope(const std::string& outer);

// Tells machined of a container that runs, so that machinectl(1) shows it; again after each reboot,
// whose init is another process. Only what is in a scope and of the machine's own root: machined's
// names know no root folders.
void register_machine(const Root& root, const LiveState& live, pid_t helper, const Log& log);

}  // namespace lxvirt::driver::systemd
