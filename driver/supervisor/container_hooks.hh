// The hooks of <lx:hooks>, which are lxc's: compiles what they are told, and runs those that the
// driver runs. pre-start goes before anything of the host is looked at, as it may make it.
// post-stop follows a start that failed before the helper had its plan, and a crash. The helper and
// the init run the others (helper/objects/hooks.hh). The caller holds the domain's operation lock.
// driver/supervisor/hooks.hh is about libvirt's hook scripts.
#pragma once

#include <vector>

#include "driver/store/root.hh"
#include "helper/exchange/plan.hh"
#include "helper/objects/hooks.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Returns the hooks of a definition, without the scripts of its links. Does not look at the host if
// there are no hooks.
[[nodiscard]] helper::Hooks container_hooks(const xml::Domain& domain, const Root& root);
// Adds the scripts that <lx:option name='script.up'> and script.down name for the domain's
// interfaces, whose links are the first of `links`. Their arguments are lxc's
// (lxc.container.conf(5), lxc.net.[i].script.up).
void add_link_hooks(helper::Hooks& hooks, const xml::Domain& domain, const Root& root,
                    const std::vector<helper::Link>& links);

// Run the hooks of one type, in their order. Throw hook_script_failed, which names the hook.
// `reboot` is told to the hooks as LXC_TARGET=reboot.
void run_pre_start(const Root& root, const xml::Domain& domain, bool reboot);
void run_destroy_hooks(const Root& root, const xml::Domain& domain);
// Runs the hooks stop and post-stop; a failure is a log line.
void run_late_end_hooks(const Root& root, const xml::Domain& domain);
// Returns how long the helper may take for the hooks after the container's end: hook_timeout for
// each.
[[nodiscard]] std::chrono::seconds end_hooks_limit(const Root& root, const xml::Domain& domain);

}  // namespace lxvirt::driver
