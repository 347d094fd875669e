// Runs the hooks of a plan, each as `sh -c "exec COMMAND ..."`, as lxc does (lxc.container.conf(5),
// "CONTAINER HOOKS"). The driver runs pre-start, and post-stop after a crash; the helper runs the
// other hooks of the host; the init runs those of the container's namespaces before it executes the
// container's program. Linked into both programs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::helper {

// Receives one line that a hook printed, for the domain's log.
using HookLog = std::function<void(const std::string& line)>;

// Says which hooks are to run, and what is known at that moment.
struct HookMoment {
    std::string_view type;                      // "pre-mount"
    std::vector<std::string> environment = {};  // known only now: "LXC_PID=12"
    std::vector<std::string> arguments = {};    // appended to the usual ones
    bool inside = false;                        // whether it runs in the container's namespaces
    base::Fd cancel = {};                       // a socket whose hang-up ends the hook
    std::function<void()> in_child = {};  // runs before the hook's exec; see base::SpawnOptions
    HookLog log = {};
};

// Says whether the plan has a hook of this type.
[[nodiscard]] bool has_hook(const Hooks& hooks, std::string_view type);

// Runs all hooks of one type in order. The first that fails throws Error(hook_script_failed) with
// its type, command, the way it ended and the last line that it printed; the rest do not run.
void run_hooks(const Hooks& hooks, const HookMoment& moment);

// Runs the hooks after the container's end: down, stop (with `moment.arguments`) and post-stop.
// `target` is "stop" or "reboot" and becomes LXC_TARGET. A failure is logged and skips only the
// rest of its type. Returns false where a post-stop hook failed.
bool run_end_hooks(const Hooks& hooks, HookMoment moment, const std::string& target);

}  // namespace lxvirt::helper
