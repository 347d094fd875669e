// The beginning of every change of a domain: takes its operation lock, and finishes or undoes first
// what a change that was cut short has left.
#pragma once

#include <string>

#include "base/file/lock.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// Takes the domain's operation lock and settles. Throws as Root::lock_domain() does.
[[nodiscard]] base::OperationLock lock_settled(const Root& root, const std::string& name);

// Takes the lock for an operation that needs no device to be settled, such as a shutdown: where
// settling fails, a line in the log says why, and the next change tries again.
[[nodiscard]] base::OperationLock lock_for_life(const Root& root, const std::string& name);

// Finishes or undoes the change that the undo record describes. The caller holds the operation
// lock. A domain that does not run is cleaned up after a crash; if that fails, a log line says why.
// With `restarting` the container is gone and comes back from live.xml, so only the files are
// settled. Throws SystemError, and errors of a record that cannot be read.
void settle(const Root& root, const std::string& name, bool restarting = false);

}  // namespace lxvirt::driver
