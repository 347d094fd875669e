// Decides what the end of an init means: libvirt's words for the event and the state, and what
// follows. A pure function, so that every case is tested without a container.
#pragma once

#include <string>

#include "base/process/process.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::helper {

// The supervisor's knowledge when the init has ended.
struct EndFacts {
    base::ExitStatus exit;
    bool destroy_asked = false;   // a destroy was requested
    bool shutdown_asked = false;  // a signal for a shutdown was sent to the init
    bool restart_asked = false;   // `reboot` was requested
    bool oom = false;             // the OOM killer ended a process of the group
};

// The decision, and the words for it.
struct Ending {
    EndAction action = EndAction::destroy;
    std::string event_detail;  // detail of the event "Stopped": Shutdown, Destroyed, Crashed
    std::string reason;        // reason of the state "shut off": shutdown, destroyed, crashed
    std::string exit;          // "exit status 3", "out of memory (killed by signal 9 (KILL))"
    bool reboot = false;       // a reboot, whatever `action` makes of it
};

// Judges an end. In a pid namespace reboot(2) ends the init by SIGHUP for a restart and by SIGINT
// for halt and power off. Any other end is a crash, unless it was asked for or the exit status is
// 0.
[[nodiscard]] Ending judge_end(const EndFacts& facts, const Supervision& supervision);

}  // namespace lxvirt::helper
