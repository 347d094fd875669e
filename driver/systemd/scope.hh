// A container's scope on a host whose PID 1 is systemd: a control group that systemd makes for us
// and leaves to us (Delegate=yes, systemd's CGROUP_DELEGATION.md). The groups of the container and
// of its supervisor are made below it, as they are made below a partition on other hosts. The
// supervisor is in the scope, so the scope ends with it, for whatever reason it ends.
//
// A program of its own, lxc_scope, speaks to the bus; it exists where lxvirt was built with
// libsystemd. So lxsh and lxc_agent stay static programs, and a host without systemd pays nothing.
// Where systemd does not answer, the container gets the same groups as on other hosts, and `log`
// gets a line that says why.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "driver/plan/compile.hh"
#include "driver/store/root.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver::systemd {

// Receives a line for the domain's log.
using Log = std::function<void(const std::string& text)>;

// Says whether a start below this root asks systemd for a scope, by the setting `systemd` in
// lxvirt.conf and by what the host is. On a host without systemd this is one access(2).
[[nodiscard]] bool wants_scope(const Root& root, const HostFacts& host, const Log& log);

// Asks systemd to put the process `helper` into a scope of its own. Returns the scope's folder in
// the v2 tree, or nothing after a line in the log. Takes at most 2.5 seconds; after a timeout the
// same process does not ask again for a minute.
[[nodiscard]] std::optional<std::string> make_scope(const xml::Domain& domain, pid_t helper,
                                                    const Log& log);

// Says whether the container's outer group, as live.xml names it, is in a scope that make_scope()
// made.
[[nodiscard]] bool is_in_scope(const std::string& outer);

// Registers a running container with machined, so that machinectl(1) shows it; called again after
// each reboot, because the leader is another process then. Does nothing for a container without a
// scope, or of another root than the machine's own, since machined's names know no roots.
void register_machine(const Root& root, const LiveState& live, pid_t helper, const Log& log);

}  // namespace lxvirt::driver::systemd
