#include "helper/ending.hh"

#include "base/error.hh"

namespace lxvirt::helper {

Ending judge_end(const EndFacts& facts, const Supervision& supervision) {
    Ending ending;
    // An end that libvirt's own words describe fully gets no text besides.
    const bool asked = facts.destroy_asked || facts.restart_asked;
    // The kernel tells how the init called reboot(2): SIGINT for a halt or a power-off, SIGHUP for
    // a restart (reboot(2), "Behavior inside PID namespaces").
    const bool halted = facts.exit.signaled && facts.exit.value == SIGINT;
    const bool rebooted = facts.exit.signaled && facts.exit.value == SIGHUP;
    if (!asked && !halted && !rebooted) ending.exit = facts.exit.text();
    // The init can be killed by the kernel for want of memory without anybody asking for it.
    if (facts.oom && facts.exit.signaled && facts.exit.value == SIGKILL)
        ending.exit = fmt::format("out of memory ({})", facts.exit.text());
    if (facts.destroy_asked) {
        ending.event_detail = "Destroyed";
        ending.reason = "destroyed";
        return ending;
    }
    // An init that exits with 0 has shut down by itself.
    const bool clean = !facts.exit.signaled && facts.exit.value == 0;
    ending.event_detail = "Shutdown";
    ending.reason = "shutdown";
    if (facts.restart_asked || rebooted) {
        ending.reboot = true;
        ending.action = facts.restart_asked ? EndAction::restart : supervision.on_reboot;
    } else if (halted || clean || facts.shutdown_asked) {
        // An init that was asked to shut down may end in any way.
        ending.action = supervision.on_poweroff;
    } else {
        ending.action = supervision.on_crash;
        ending.event_detail = "Crashed";
        ending.reason = "crashed";
    }
    return ending;
}

}  // namespace lxvirt::helper
