// Cleans up what a killed supervisor left: processes, control groups, ports, files. The caller
// holds the domain's operation lock. clean.cc explains the order.
#pragma once

#include <string>

#include "driver/store/live.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// Cleans up a domain that does not run; does nothing if it runs or nothing is left. Of another boot
// only files are left. Journals "Stopped Crashed". Throws SystemError if processes or groups are
// still left; live.xml then stays, and the next command tries again.
void clean_up(const Root& root, const std::string& name);

// Removes the supervisors' group if lxc_helper has ended and its last child, lxc_cleanup, was
// killed before it could do so.
void finish_leaving(const Root& root, const std::string& name);

// Kills the processes in the domain's control groups and removes the groups. The supervisor is
// gone. Throws SystemError(EBUSY) if a process does not end.
void remove_groups(const LiveState& live);

// Removes the AppArmor profile that was made for a live domain, if one was. A failure is a log line.
void remove_profile(const Root& root, const xml::Domain& domain) noexcept;

}  // namespace lxvirt::driver
