// Takes away what a killed supervisor left: processes, groups, files (design, hard part 2: the lock
// being free does not mean that the container is gone). Under the domain's operation lock.
#pragma once

#include <string>

#include "driver/store/live.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// Does nothing where there is no live.xml or the domain runs. What another boot left is only files.
// Tells the journal "Stopped Crashed". Throws SystemError where processes or groups are still left.
void clean_up(const Root& root, const std::string& name);

// The part of it that is about the supervisors' group, where lxc_helper has gone and lxc_cleanup,
// its last child, was killed.
void finish_leaving(const Root& root, const std::string& name);

// The part of it that is about groups and the processes in them; the supervisor is gone.
void remove_groups(const LiveState& live);

}  // namespace lxvirt::driver
