// The file system that the container sees: makes what must be made inside its namespaces, changes
// the root, and attaches everything in the plan's order. Runs in the init.
#pragma once

#include "helper/plan.hh"
#include "helper/prepare.hh"

namespace lxvirt::helper {

void build_filesystem(const Plan& plan, const Prepared& prepared);

}  // namespace lxvirt::helper
