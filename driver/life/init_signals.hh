// How an init is asked to stop or to reboot. Every init understands something else, and one that
// does not handle a signal ignores it as PID 1 (pid_namespaces(7)); so the init is looked at: what
// program it is, which signals it catches (SigCgt in proc(5)), whether an initctl pipe is there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/types.hh"

namespace lxvirt::driver {

enum class StopKind { power_off, reboot };

struct InitFacts {
    std::string program;       // last component of its /proc/PID/exe: "systemd", "busybox"
    std::uint64_t caught = 0;  // bit N-1 = signal N has a handler
    bool initctl = false;      // a pipe that an init listens on: /run/initctl or /dev/initctl
};

struct StopRequest {
    bool initctl = false;  // write the run level instead of sending a signal
    int signal = 0;
    bool then_restart = false;  // the init knows only how to end: its supervisor starts it again
};

// Nothing where the init understands nothing that is allowed. Pure. Empty `ways` = any.
[[nodiscard]] std::optional<StopRequest> choose_stop(const InitFacts& init, StopKind kind,
                                                     StopFlags ways);

// "SIGPWR", "PWR", "SIGRTMIN+3", "SIGRTMAX-1", "30" (signal(7)); nothing for anything else.
[[nodiscard]] std::optional<int> signal_number(std::string_view text);

[[nodiscard]] InitFacts read_init_facts(pid_t init);

// Writes the request of sysvinit(8)'s initctl protocol (struct init_request, initreq.h) into the
// pipe inside the container, resolved within its root. Throws SystemError.
void write_initctl(pid_t init, StopKind kind);

}  // namespace lxvirt::driver
