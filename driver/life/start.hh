// Starting a domain (design, "Start, step by step"), from the command and from a helper that
// reboots.
#pragma once

#include <string>

#include "base/file/lock.hh"
#include "driver/store/root.hh"
#include "driver/supervisor/helper_process.hh"
#include "driver/types.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

struct StartRequest {
    xml::Domain domain;  // the definition to run
    std::string uri;
    StartFlags flags = StartFlags::none;  // paused and autodestroy are acted upon
};

// Under the domain's operation lock, which is passed on to the helper until the start is done.
// Throws what went wrong with nothing left behind; the descriptor returned is valid with
// autodestroy only, and its close ends the container.
base::UniqueFd start_domain(const Root& root, StartRequest request,
                            const base::OperationLock& lock);

// The driver's half of a reboot from inside: compiles the plan anew from the live definition and
// hands it to the helper that waits at the other end of `channel`.
void restart_domain(const Root& root, const std::string& name, const std::string& uri,
                    base::UniqueFd channel, pid_t helper);

}  // namespace lxvirt::driver
