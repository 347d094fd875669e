// The file system that the container sees: makes what must be made inside its namespaces, changes
// the root, and attaches everything in the plan's order. Runs in the init.
#pragma once

#include <functional>
#include <string_view>

#include "helper/groups.hh"
#include "helper/plan.hh"
#include "helper/prepare.hh"

namespace lxvirt::helper {

// `run_hooks` runs the plan's hooks of a type: pre-mount, mount and autodev, while the host's root
// is still there and the container's stands in Hooks::stage.
void build_filesystem(const Plan& plan, const Prepared& prepared, const MadeGroups& groups,
                      const std::function<void(std::string_view type)>& run_hooks);

}  // namespace lxvirt::helper
