// Runs the hooks of a plan, each `sh -c "exec COMMAND ..."` as lxc does. Host-side ones are run by
// the driver (pre-start, and post-stop after a crash) and by the helper (the others); those in the
// container's namespaces by the init before it is one. Linked by driver and helper.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

// Takes a line of what a hook printed, for the domain's log.
using HookLog = std::function<void(const std::string& line)>;

struct HookMoment {
    std::string_view type;
    std::vector<std::string> environment = {};  // what only this moment knows: "LXC_PID=12"
    std::vector<std::string> arguments = {};    // after the usual ones
    bool inside = false;                        // in the container's namespaces
    base::Fd cancel = {};                       // a socket; its hang-up ends the hook
    std::function<void()> in_child = {};
    HookLog log = {};
};

[[nodiscard]] bool has_hook(const Hooks& hooks, std::string_view type);

// All of that type, in order. The first that fails throws Error(hook_script_failed) with its type,
// command, how it ended and the last line it printed, and no other is run.
void run_hooks(const Hooks& hooks, const HookMoment& moment);

// Those after the container's end: down, stop (which gets `moment.arguments`) and post-stop.
// `target`: "stop" or "reboot". A failure is logged and ends its type only. False where post-stop
// failed.
bool run_end_hooks(const Hooks& hooks, HookMoment moment, const std::string& target);

}  // namespace lxvirt::helper
