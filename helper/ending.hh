// What the end of an init means: libvirt's words for the event and the state, and what is to
// follow. Pure, so that every case is tested without a container.
#pragma once

#include <string>

#include "base/process/process.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

struct EndFacts {
    base::ExitStatus exit;
    bool destroy_asked = false;
    bool shutdown_asked = false;
    bool restart_asked = false;
    bool oom = false;  // the group's OOM killer struck
};

struct Ending {
    EndAction action = EndAction::destroy;
    std::string event_detail;  // of "Stopped": Shutdown, Destroyed, Crashed
    std::string reason;        // of the state "shut off": shutdown, destroyed, crashed
    std::string exit;          // "exit status 3", "out of memory (killed by signal 9 (KILL))"
    bool reboot = false;
};

// A reboot(2) inside ends the init by SIGHUP (restart) or SIGINT (halt, power off), reboot(2). Any
// other end is a crash unless it was asked for or the status is 0.
[[nodiscard]] Ending judge_end(const EndFacts& facts, const Supervision& supervision);

}  // namespace lxvirt::helper
