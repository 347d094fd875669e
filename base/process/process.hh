// Processes: clone3, pidfds, and the state a supervisor must not inherit. Waiting is always on a
// pidfd, never by polling kill(pid, 0): PID 1 of some hosts reaps orphans only every few seconds.
#pragma once

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// What waitid(2) says of an ended child.
struct ExitStatus {
    bool signaled = false;
    int value = 0;                           // exit status, or the signal's number
    [[nodiscard]] std::string text() const;  // "exit status 3", "killed by signal 9 (KILL)"
};

// clone3(2) with fork semantics for memory unless CLONE_VM is in `args`. Returns 0 in the child,
// else the pid; negative errno on failure. No allocation, safe between vfork and exec.
[[nodiscard]] pid_t clone3(clone_args& args) noexcept;

// pidfd_open(2). Throws SystemError; nothing where no such process is left (ESRCH).
[[nodiscard]] std::optional<UniqueFd> open_pidfd(pid_t pid);

// pidfd_send_signal(2). False where the process is gone (ESRCH).
bool send_signal(Fd pidfd, int signal);

// The pid in the caller's pid namespace, from /proc/self/fdinfo; nothing once it is reaped.
[[nodiscard]] std::optional<pid_t> pid_of(Fd pidfd);

// waitid(P_PIDFD) of a child, without blocking where `block` is false.
[[nodiscard]] std::optional<ExitStatus> reap(Fd pidfd, bool block);

// True when `fd` became readable within `timeout`; a negative one waits for ever. For a pidfd that
// is the end of the process.
[[nodiscard]] bool wait_readable(Fd fd, std::chrono::milliseconds timeout);
// Without end; false where the socket `other` was hung up before.
[[nodiscard]] bool wait_readable_or_hang_up(Fd fd, Fd other);

// Field 22 of /proc/PID/stat, in clock ticks since boot: with the pid it names a process for good.
[[nodiscard]] std::optional<std::uint64_t> start_time(pid_t pid);

// Makes nothing of the caller leak into a supervisor: session, signal mask and dispositions, umask,
// rlimits, affinity, scheduling, oom score, working folder, supplementary groups, session keyring.
// `keep_fds`: descriptors up to this number stay, all above are closed; stdio becomes /dev/null.
void become_supervisor(int keep_fds);

// All signals to their default and unblocked, as an init expects to find them.
void reset_signals();

// 64, CHLD, INT ... without the SIG; "RTMIN+3" for the real-time ones.
[[nodiscard]] std::string signal_name(int signal);

}  // namespace lxvirt::base
