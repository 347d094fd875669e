#include "base/process/process.hh"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/limits.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

// sigabbrev_np(3) knows no real-time signals.
std::string signal_name(int signal) {
    if (signal >= SIGRTMIN && signal <= SIGRTMAX) return fmt::format("RTMIN+{}", signal - SIGRTMIN);
    if (const char* name = ::sigabbrev_np(signal)) return name;
    return std::to_string(signal);
}

std::string ExitStatus::text() const {
    if (!signaled) return fmt::format("exit status {}", value);
    return fmt::format("killed by signal {} ({})", value, signal_name(value));
}

// The C library has no wrapper of clone3(2). The child returns from the call with 0 on a copy of
// this stack, as after fork(2).
pid_t clone3(clone_args& args) noexcept {
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    return pid < 0 ? -errno : static_cast<pid_t>(pid);
}

std::optional<UniqueFd> fork_process(const std::string& what) {
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.exit_signal = SIGCHLD;
    const pid_t pid = clone3(args);
    if (pid < 0) fail_with(-pid, "{}", what);
    if (pid == 0) return std::nullopt;
    return UniqueFd(pidfd);
}

// ESRCH: the process has ended and was reaped.
std::optional<UniqueFd> open_pidfd(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (fd) return fd;
    if (errno == ESRCH) return std::nullopt;
    fail_call("pidfd_open", "pidfd_open of process {}", pid);
}

// A signal to a process that has ended fails with ESRCH until the descriptor is closed, and never
// reaches another process with the same number.
bool send_signal(Fd pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0) {
        if (errno == ESRCH) return false;
        fail_call("pidfd_send_signal", "send signal {}", signal_name(signal));
    }
    test_point("signal-sent");
    return true;
}

// fdinfo has "Pid: -1" once the process was reaped, and 0 if the process is in no namespace below
// ours.
std::optional<pid_t> pid_of(Fd pidfd) {
    const std::string info = read_file(fmt::format("/proc/self/fdinfo/{}", pidfd.get()));
    const auto at = info.find("\nPid:\t");
    if (at == std::string::npos) fail(ErrorCode::internal_error, "no Pid: in the pidfd's fdinfo");
    pid_t pid = 0;
    const char* begin = info.data() + at + 6;
    std::from_chars(begin, info.data() + info.size(), pid);
    if (pid <= 0) return std::nullopt;
    return pid;
}

// __WALL waits for children whatever their exit signal. si_pid is 0 if WNOHANG found no ended
// child.
std::optional<ExitStatus> reap(Fd pidfd, bool block) {
    siginfo_t info{};
    const int flags = WEXITED | __WALL | (block ? 0 : WNOHANG);
    int result;
    do result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, flags);
    while (result != 0 && errno == EINTR);
    if (result != 0) fail_errno("wait for a child process");
    if (info.si_pid == 0) return std::nullopt;
    return ExitStatus{.signaled = info.si_code != CLD_EXITED, .value = info.si_status};
}

// poll(2) may return early for a signal, so the time that is left is computed anew each time; it is
// rounded up, or a loop would spin in the last millisecond.
bool wait_readable(Fd fd, std::chrono::milliseconds timeout) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + timeout;
    pollfd entry{.fd = fd.get(), .events = POLLIN, .revents = 0};
    for (;;) {
        int left = -1;
        if (timeout.count() >= 0) {
            const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
            left = static_cast<int>(std::max<std::int64_t>(rest.count(), 0));
        }
        const int ready = ::poll(&entry, 1, left);
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) fail_errno("poll");
    }
}

// POLLRDHUP reports that the other side of a socket has closed, even if it was shut down for
// writing only.
bool wait_readable_or_hang_up(Fd fd, Fd other) {
    pollfd entries[] = {{.fd = fd.get(), .events = POLLIN, .revents = 0},
                        {.fd = other.get(), .events = POLLRDHUP, .revents = 0}};
    while (::poll(entries, 2, -1) < 0)
        if (errno != EINTR) fail_errno("poll");
    return entries[0].revents != 0;
}

std::optional<std::uint64_t> start_time(pid_t pid) {
    const auto stat = try_read_file(fmt::format("/proc/{}/stat", pid));
    if (!stat) return std::nullopt;
    // The command, field 2, is in parentheses and may itself hold blanks and parentheses, so the
    // fields are counted from the last parenthesis.
    std::size_t at = stat->rfind(')');
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = stat->find(' ', at + 1);
    if (at == std::string::npos) return std::nullopt;
    std::uint64_t ticks = 0;
    std::from_chars(stat->data() + at + 1, stat->data() + stat->size(), ticks);
    return ticks;
}

// A new program inherits ignored signals and the mask over execve(2).
void become_root() {
    // The groups go first, because setresuid(2) gives up the right to change them.
    if (::setgroups(0, nullptr) != 0 || ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0)
        fail_errno("become root of the container's user namespace");
}

std::optional<std::string> status_value(pid_t pid, std::string_view key) {
    const auto text = try_read_file(fmt::format("/proc/{}/status", pid));
    if (!text) return std::nullopt;
    for (const std::string_view line : split(*text, '\n'))
        if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ':')
            return std::string(trim(line.substr(key.size() + 1)));
    return std::nullopt;
}

std::vector<IdRange> read_id_map(const std::string& file) {
    std::vector<IdRange> rows;
    const std::string text = read_file(file);
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.size() != 3) continue;
        const auto inside = parse_number<std::uint32_t>(words[0]);
        const auto outside = parse_number<std::uint32_t>(words[1]);
        const auto count = parse_number<std::uint32_t>(words[2]);
        if (inside && outside && count) rows.push_back({*inside, *outside, *count});
    }
    return rows;
}

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP) continue;
        (void)::signal(signal, SIG_DFL);  // the C library keeps 32 and 33 to itself and refuses
    }
    sigset_t none;
    ::sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) fail_errno("unblock signals");
}

namespace {

// dup2() keeps the numbers 0 to 2 in use, so no later open() gets one of them by accident.
void reset_stdio() {
    const UniqueFd null = open_file("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; ++fd)
        if (uninterrupted([&] { return ::dup2(null.get(), fd); }) < 0)
            fail_errno("replace descriptor {}", fd);
}

// A caller with a raised priority, pinned to a CPU or bound to a node's memory would pass that on to
// the container.
void reset_scheduling() {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) CPU_SET(cpu, &all);
    if (::sched_setaffinity(0, sizeof all, &all) != 0) fail_errno("reset the CPU affinity");
    const sched_param normal{};
    if (::sched_setscheduler(0, SCHED_OTHER, &normal) != 0) fail_errno("reset the scheduler");
    if (::setpriority(PRIO_PROCESS, 0, 0) != 0) fail_errno("reset the priority");
    if (::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0) != 0 && errno != ENOSYS)
        fail_errno("reset the priority of input and output");
    if (::syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0) != 0 && errno != ENOSYS)
        fail_errno("reset the memory policy");
}

}  // namespace

UniqueFd block_signal(int signal) {
    sigset_t signals;
    (void)::sigemptyset(&signals);
    (void)::sigaddset(&signals, signal);
    if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) fail_errno("block signal {}", signal);
    UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) fail_errno("listen for signal {}", signal);
    return fd;
}

void become_supervisor(int keep_fds) {
    // EPERM means that this process leads its group already, having been started by setsid(1).
    if (::setsid() < 0 && errno != EPERM) fail_errno("start a session");
    reset_signals();
    (void)::signal(SIGPIPE, SIG_IGN);
    ::umask(022);
    if (::chdir("/") != 0) fail_errno("change to '/'");
    reset_stdio();
    if (::close_range(static_cast<unsigned>(keep_fds) + 1, ~0U, 0) != 0)
        fail_call("close_range", "close files");
    if (::setgroups(0, nullptr) != 0) fail_errno("drop supplementary groups");
    reset_limits();
    reset_scheduling();
    if (::personality(PER_LINUX) < 0) fail_errno("reset the personality");
    write_value("/proc/self/oom_score_adj", "0");
    // A kernel without CONFIG_KEYS answers ENOSYS and has no keyring to leave. EDQUOT means that
    // root's quota of keys is used up, which must not keep a container from starting.
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS &&
        errno != EDQUOT)
        fail_errno("join a new session keyring");
}

}  // namespace lxvirt::base
