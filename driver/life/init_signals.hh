// How an init is asked to stop or to reboot. Every init understands something else, and the kernel
// drops a signal for which PID 1 has no handler (pid_namespaces(7)). So the driver looks at the
// init: what program it is, which signals it catches (SigCgt in proc(5)) or blocks, because it waits
// for them by signalfd(2) or sigwaitinfo(2) (SigBlk), whether it listens on an initctl pipe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/types.hh"

namespace lxvirt::driver {

enum class StopKind { power_off, reboot };

// The facts of one init by which choose_stop() decides.
struct InitFacts {
    std::string program;        // last component of /proc/PID/exe: "systemd", "busybox"
    std::uint64_t caught = 0;   // bit N-1 is set if signal N has a handler
    std::uint64_t blocked = 0;  // likewise: the kernel keeps it for the init
    bool waits = false;         // is in sigwait(3), for signals that are not known
    bool initctl = false;       // a pipe /run/initctl, /dev/initctl or /etc/.initctl exists
};

// The way in which an init is to be asked.
struct StopRequest {
    bool initctl = false;  // write the run level instead of sending a signal
    // The signal's number on this host; 0 with `initctl`.
    int signal = 0;
    // The signal only ends the init, so its supervisor starts it again.
    bool then_restart = false;
};

// Returns the way to ask this init; nullopt if the init understands none of `ways`. StopFlags::none
// allows any way. The function is pure.
[[nodiscard]] std::optional<StopRequest> choose_stop(const InitFacts& init, StopKind kind,
                                                     StopFlags ways);

// Returns whether the kernel hands the signal to the init.
[[nodiscard]] bool receives(const InitFacts& init, int signal);

// Returns a signal's name: "SIGTERM", "SIGRTMIN+3".
[[nodiscard]] std::string signal_name(int number);

// Returns the number of a signal's name: "SIGPWR", "PWR", "SIGRTMIN+3", "SIGRTMAX-1", "30"
// (signal(7)); nullopt for any other text.
[[nodiscard]] std::optional<int> signal_number(std::string_view text);

// Reads the facts from /proc; `init` is a pid of the host's. Throws SystemError, ENOENT or ESRCH if
// the init is gone.
[[nodiscard]] InitFacts read_init_facts(pid_t init);

// Writes a request of sysvinit's initctl protocol (struct init_request in initreq.h) into the pipe
// inside the container, which is looked up below the container's root. Throws SystemError, or
// operation_unsupported if there is no pipe.
void write_initctl(pid_t init, StopKind kind);

}  // namespace lxvirt::driver
