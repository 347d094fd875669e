// Runs a program in a running container from outside, by lxc_enter (helper/enter.hh). The program
// gets what the live definition gives its init: the code that a start uses compiles the filter of
// system calls, capabilities, limits, label and environment.
#pragma once

#include <memory>

#include "driver/program.hh"
#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Returns when the program is inside and about to be executed; the caller owns it. Throws
// invalid_arg if a descriptor is a folder, operation_invalid if the domain does not run or is
// paused, operation_failed if its init has just ended, and lxc_enter's errors.
[[nodiscard]] std::unique_ptr<EnteredProgram> enter_domain(const Root& root,
                                                           const DomainRef& domain,
                                                           const EnterRequest& request);

}  // namespace lxvirt::driver
