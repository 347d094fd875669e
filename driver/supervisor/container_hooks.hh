// The hooks of <lx:hooks>, lxc's: what they are told, and those that the driver runs. pre-start
// goes before anything of the host is looked at, as it may make it; post-stop follows a start that
// failed before the helper had its plan, and a crash. The helper and the init run the others
// (helper/objects/hooks.hh). The caller holds the domain's operation lock. driver/supervisor/hooks.hh is about
// libvirt's hook scripts.
#pragma once

#include <vector>

#include "driver/store/root.hh"
#include "helper/exchange/plan.hh"
#include "helper/objects/hooks.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Without those of links. No look at the host where there are none.
[[nodiscard]] helper::Hooks container_hooks(const xml::Domain& domain, const Root& root);
// Adds what <lx:option name='script.up'> and script.down say of the domain's interfaces, whose
// links are the first of `links`.
void add_link_hooks(helper::Hooks& hooks, const xml::Domain& domain, const Root& root,
                    const std::vector<helper::Link>& links);

// Throws Error(hook_script_failed).
void run_pre_start(const Root& root, const xml::Domain& domain, bool reboot);
void run_destroy_hooks(const Root& root, const xml::Domain& domain);
// Stop and post-stop; a failure is logged.
void run_late_end_hooks(const Root& root, const xml::Domain& domain);
// How long the helper may take for those after the container's end.
[[nodiscard]] std::chrono::seconds end_hooks_limit(const Root& root, const xml::Domain& domain);

}  // namespace lxvirt::driver
