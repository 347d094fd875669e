// The init before its exec. The new process runs in the container's namespaces with a copy of the
// helper's memory and descriptors. It enters its control groups, builds the file system that it
// will see, gives up every right that the container is not to have, and executes the container's
// first program. Nothing here returns to the helper's code: a failure is reported over the socket
// pair, and the process ends.
#pragma once

#include "base/fd.hh"
#include "helper/exchange/plan.hh"
#include "helper/objects/groups.hh"
#include "helper/prepare.hh"

namespace lxvirt::helper {

// Borrows what run_child() needs from the helper's copied memory.
struct ChildContext {
    const Plan& plan;
    const Prepared& prepared;
    const MadeGroups& groups;
    base::Fd sync;  // the init's end of the socket pair (helper/exchange/sync.hh)
};

// Runs in the process that spawn_init() made. Ends in execve(2), or in a SyncReport and _exit(1).
[[noreturn]] void run_child(const ChildContext& context) noexcept;

}  // namespace lxvirt::helper
