// A program run in a running container from outside, by lxc_enter (helper/enter.hh), with what the
// live definition gives its init: the filter of system calls, capabilities, limits, label and
// environment are compiled by the code that a start uses.
#pragma once

#include <memory>

#include "driver/program.hh"
#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Returns when the program is inside, about to be executed. Throws operation_invalid where the
// domain does not run or is paused, operation_failed where its init has just ended.
[[nodiscard]] std::unique_ptr<EnteredProgram> enter_domain(const Root& root,
                                                           const DomainRef& domain,
                                                           const EnterRequest& request);

}  // namespace lxvirt::driver
