// The beginning of every change of a domain: its operation lock, and what a change that was cut short
// has left is finished or undone first.
#pragma once

#include <string>

#include "base/file/lock.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// Takes the domain's operation lock and settles. Throws as Root::lock_domain() does.
[[nodiscard]] base::OperationLock lock_settled(const Root& root, const std::string& name);

// Finishes or undoes the change that the undo record tells of. The caller holds the operation lock.
// Does nothing for a domain that does not run: whoever starts or removes it cleans up. With
// `restarting` the container is gone and comes back from live.xml, so only the files are settled.
void settle(const Root& root, const std::string& name, bool restarting = false);

}  // namespace lxvirt::driver
