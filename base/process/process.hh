// Processes: clone3(2), pidfds, and the reset of everything that a supervisor must not inherit.
// Code waits for a process on a pidfd, never by polling kill(pid, 0): that call succeeds for a
// zombie too, and PID 1 of some hosts reaps orphans only every few seconds.
#pragma once

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Tells how a child ended, as waitid(2) reports it.
struct ExitStatus {
    bool signaled = false;
    int value = 0;                           // exit status, or the number of the signal
    [[nodiscard]] std::string text() const;  // "exit status 3", "killed by signal 9 (KILL)"
};

// Calls clone3(2). Memory is copied as by fork(2) unless `args` has CLONE_VM. Returns 0 in the
// child, the pid in the parent, and the negative errno on failure. Allocates nothing.
[[nodiscard]] pid_t clone3(clone_args& args) noexcept;

// Makes a process with copies of this one's memory and descriptors, as fork(2) does, and returns in
// both: its pidfd in this process, nothing in the new one. Throws SystemError with the act `what`.
[[nodiscard]] std::optional<UniqueFd> fork_process(const std::string& what);

// Opens a pidfd for process `pid` (pidfd_open(2)). Returns nothing where no such process exists
// (ESRCH); throws SystemError otherwise.
[[nodiscard]] std::optional<UniqueFd> open_pidfd(pid_t pid);

// Sends `signal` to a process (pidfd_send_signal(2)). Returns false where the process is gone
// (ESRCH); throws SystemError otherwise.
bool send_signal(Fd pidfd, int signal);

// Blocks a signal and returns a descriptor that is readable when it comes (signalfd(2)). A blocked
// signal waits, so none is lost between two reads. Throws SystemError.
[[nodiscard]] UniqueFd block_signal(int signal);

// Returns the pid of a pidfd's process in the caller's pid namespace, read from /proc/self/fdinfo;
// nothing once the process has been reaped. Throws where /proc is missing.
[[nodiscard]] std::optional<pid_t> pid_of(Fd pidfd);

// Reaps a child (waitid(2), P_PIDFD). With `block` false it returns nothing while the child runs;
// with `block` true it waits. Throws SystemError, ECHILD where the process is not our child.
[[nodiscard]] std::optional<ExitStatus> reap(Fd pidfd, bool block);

// Waits until `fd` is readable, for a pidfd until its process has ended. Returns false after
// `timeout`; a negative `timeout` waits for ever. Throws SystemError.
[[nodiscard]] bool wait_readable(Fd fd, std::chrono::milliseconds timeout);
// Waits without a limit until `fd` is readable. Returns false where the peer of the socket `other`
// hung up before.
[[nodiscard]] bool wait_readable_or_hang_up(Fd fd, Fd other);

// Returns the start time of process `pid`, in clock ticks since boot (proc_pid_stat(5), field 22),
// or nothing where it is gone. Pid and start time together name a process for good, since no later
// process of that pid has the same one.
[[nodiscard]] std::optional<std::uint64_t> start_time(pid_t pid);

// Resets what a supervisor inherits from its caller: session, signal mask and dispositions, umask,
// resource limits (base/process/limits.hh), CPU affinity, scheduling, priority of input and output,
// memory policy, personality, oom score, working folder, supplementary groups and session keyring. Descriptors above `keep_fds` are closed, 0 to 2 become /dev/null. Throws
// SystemError.
void become_supervisor(int keep_fds);

// Becomes uid and gid 0 of this process's user namespace, without supplementary groups. Throws
// SystemError.
void become_root();

// Returns what /proc/PID/status (proc_pid_status(5)) has after `key` and a colon, such as
// "0000000000000000" for "CapEff"; nothing where the process or the key is not there. Throws
// SystemError.
[[nodiscard]] std::optional<std::string> status_value(pid_t pid, std::string_view key);

// A row of an id map: `count` ids from `inside` on are those from `outside` on of whoever reads it.
struct IdRange {
    std::uint32_t inside = 0, outside = 0, count = 0;
};
// Reads /proc/PID/uid_map or gid_map (user_namespaces(7)). Throws SystemError.
[[nodiscard]] std::vector<IdRange> read_id_map(const std::string& file);

// Sets every signal to its default disposition and unblocks all, as an init expects to find them.
void reset_signals();

// Returns a name without "SIG": "CHLD", "INT", "RTMIN+3" for a real-time signal, else the number.
[[nodiscard]] std::string signal_name(int signal);

}  // namespace lxvirt::base
