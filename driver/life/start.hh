// Starts a domain, from a command or from a helper that reboots (docs/architecture.md, "A start,
// step by step"). start.cc explains the order.
#pragma once

#include <string>

#include "base/file/lock.hh"
#include "driver/plan/compile.hh"
#include "driver/store/root.hh"
#include "driver/supervisor/helper_process.hh"
#include "driver/types.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// What is to be started.
struct StartRequest {
    xml::Domain domain;  // the definition to run
    // The connection's URI, by which lxc_agent finds the root again at a reboot.
    std::string uri;
    StartFlags flags = StartFlags::none;  // paused and autodestroy are acted upon
    bool console = false;                 // connect the first console, if there is one
};

// What stays of a start. A descriptor that was not asked for is not valid.
struct StartedDomain {
    // With StartFlags::autodestroy its close ends the container; with a console it brings a
    // helper::EndReport.
    base::UniqueFd channel;
    base::UniqueFd console;  // the stream of the first console, connected before anything was read
};

// Starts a domain on `host`, the facts that host_facts() returns. The caller holds the domain's operation lock `lock`, which the helper shares
// until the start is done. Throws what went wrong, with
// nothing left behind: errors of the plan, of hooks, and the helper's.
StartedDomain start_domain(const Root& root, StartRequest request, const HostFacts& host,
                           const base::OperationLock& lock);

// Does the driver's half of a reboot from inside: compiles the plan anew from the live definition
// and hands it to the helper (pid `helper`) that waits at the other end of `channel`. Throws what
// went wrong; the helper then takes the container away.
void restart_domain(const Root& root, const std::string& name, const std::string& uri,
                    base::UniqueFd channel, pid_t helper);

}  // namespace lxvirt::driver
