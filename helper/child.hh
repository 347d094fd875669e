// The init before its exec: in its namespaces, with a copy of the helper's memory and descriptors,
// it enters its groups, builds the file system it will see, and becomes the container's first
// program. Nothing here returns to the helper's code; a failure is reported and the process ends.
#pragma once

#include "base/fd.hh"
#include "helper/groups.hh"
#include "helper/plan.hh"
#include "helper/prepare.hh"

namespace lxvirt::helper {

struct ChildContext {
    const Plan& plan;
    const Prepared& prepared;
    const MadeGroups& groups;
    base::Fd sync;
};

[[noreturn]] void run_child(const ChildContext& context) noexcept;

}  // namespace lxvirt::helper
