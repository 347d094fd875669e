// Builds the file system that the container sees. Runs in the init: makes the file systems that
// must be made inside the new namespaces, changes the root, and attaches everything in the order of
// the plan.
#pragma once

#include <functional>
#include <string_view>

#include "helper/exchange/plan.hh"
#include "helper/objects/groups.hh"
#include "helper/prepare.hh"

namespace lxvirt::helper {

// Attaches `plan.mounts` and leaves the process in the new root. `run_hooks` runs the plan's hooks
// of a type (pre-mount, mount, autodev), while the host's root is still there and the container's
// is at Hooks::stage. Throws SystemError.
void build_filesystem(const Plan& plan, const Prepared& prepared, const MadeGroups& groups,
                      const std::function<void(std::string_view type)>& run_hooks);

}  // namespace lxvirt::helper
