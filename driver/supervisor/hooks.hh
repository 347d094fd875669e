// Runs hook scripts: ROOT/etc/lxvirt/hooks/lxc and then the files of hooks/lxc.d/ in the order of
// their names, and the same with `network`. They get libvirt's arguments (NAME OPERATION
// SUBOPERATION EXTRA, libvirt's hooks.html) and the object's XML on standard input. A file that is
// missing or not executable is skipped.
//
// Hook scripts run under the object's operation lock: a hook that calls back for the same object
// gets an error at once (Root::lock_domain()).
#pragma once

#include <string>
#include <string_view>

#include "driver/store/root.hh"

namespace lxvirt::driver {

enum class HookKind { lxc, network };

// The arguments of one call.
struct HookCall {
    std::string name;          // the domain or network
    std::string operation;     // "prepare", "start", "started", "stopped", "release"
    std::string suboperation;  // "begin", "end"
    std::string extra = "-";
    HookKind kind = HookKind::lxc;
};

// Returns whether there is any script, so that nobody formats XML for none.
[[nodiscard]] bool has_hooks(const Root& root, HookKind kind = HookKind::lxc);

// Runs all scripts, one after the other, each for at most hook_timeout. The first that fails ends
// the run with hook_script_failed, which names the script, how it ended and the last line it wrote
// on standard error.
void run_hooks(const Root& root, const HookCall& call, const std::string& xml);

}  // namespace lxvirt::driver
