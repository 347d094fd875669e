#include "helper/guard.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/process.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"
#include "helper/stack.hh"

namespace lxvirt::helper {

namespace {

constexpr std::size_t kStackSize = 64U << 10;  // bytes, for the guard
constexpr int kAttempts = 100;                 // of ten milliseconds each

// The guard. It runs in the helper's memory, errno included: nothing here may fail, allocate, or
// write to anything but its own stack. Only the helper has the other end of the pipe, so the end of
// file tells the helper's end even where that came before prctl(2).
int guard_main(void* argument) {
    const int pipe = *static_cast<const int*>(argument);
    (void)base::uninterrupted([&] { return ::dup2(pipe, 0); });
    (void)::close_range(1, ~0U, 0);
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)::prctl(PR_SET_NAME, "lxc_guard");
    pollfd entry{.fd = 0, .events = POLLIN, .revents = 0};
    while (::poll(&entry, 1, -1) <= 0) {
        // poll(2) was interrupted, which only a tracer can cause here.
    }
    ::_exit(0);
}

// Passes arguments and the failure between spawn_init() and the short-lived process.
struct InitRequest {
    const std::vector<std::pair<base::UniqueFd, int>>& enter;
    clone_args args;
    const std::function<void()>& child;
    const std::string& time_offsets;
    int error = 0;
    const char* step = "";
};

// Makes the time namespace of the next children. The offsets must be written before the first
// process of the namespace exists, and that is the init (time_namespaces(7)).
bool make_time_namespace(InitRequest& request) {
    request.step = "set the clocks of the container's time namespace";
    if (::unshare(CLONE_NEWTIME) == 0) {
        const int file = ::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
        const std::string& text = request.time_offsets;
        const bool written = file >= 0 && ::write(file, text.data(), text.size()) ==
                                              static_cast<ssize_t>(text.size());
        request.error = written ? 0 : errno;
        if (file >= 0) (void)::close(file);
        return written;
    }
    request.error = errno;
    return false;
}

// The short-lived process. It shares the helper's memory, and the helper waits for it
// (CLONE_VFORK).
int forker_main(void* argument) {
    auto& request = *static_cast<InitRequest*>(argument);
    for (const auto& [fd, kind] : request.enter) {
        if (::setns(fd.get(), kind) == 0) continue;
        request.error = errno;
        request.step = "enter a shared namespace";
        return 1;
    }
    if (!request.time_offsets.empty() && !make_time_namespace(request)) return 1;
    const pid_t pid = base::clone3(request.args);
    if (pid == 0) {
        request.child();
        ::_exit(1);
    }
    if (pid < 0) {
        request.error = -pid;
        request.step = "make the container's first process and its namespaces";
    }
    return 0;
}

// Sets the pid namespace for children to the guard's, for a scope.
class ChildrenNamespace {
  public:
    explicit ChildrenNamespace(base::Fd guard)
        : home_(base::open_file("/proc/self/ns/pid", O_RDONLY)) {
        if (::setns(guard.get(), CLONE_NEWPID) != 0)
            base::fail_errno("enter the guard's pid namespace for children");
    }
    ~ChildrenNamespace() {
        // If the return failed for good, hooks and restarts would be made inside: then it is better
        // to end.
        for (int attempt = 0; ::setns(home_.get(), CLONE_NEWPID) != 0; ++attempt) {
            if (attempt == kAttempts) ::_exit(1);
            ::usleep(10'000);  // for example: no memory
        }
    }
    ChildrenNamespace(const ChildrenNamespace&) = delete;
    ChildrenNamespace& operator=(const ChildrenNamespace&) = delete;

  private:
    base::UniqueFd home_;
};

}  // namespace

base::UniqueFd spawn_guard() {
    // The write end stays open in the helper as long as it lives; nobody uses it.
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) base::fail_errno("make the guard's pipe");
    const base::UniqueFd read_end(ends[0]);
    static base::UniqueFd write_end;
    write_end.reset(ends[1]);
    static int guard_pipe;
    guard_pipe = ends[0];
    Stack stack(kStackSize);
    int pidfd = -1;
    const pid_t pid = ::clone(&guard_main, stack.top(),
                              CLONE_VM | CLONE_NEWPID | CLONE_PIDFD | SIGCHLD, &guard_pipe, &pidfd);
    if (pid < 0) base::fail_errno("make the container's guard process");
    stack.give_away();
    base::test_point("guard-made");
    base::UniqueFd guard(pidfd);
    // A container that cannot be killed must not be started: a filter may forbid
    // pidfd_send_signal(2). The guard is then ended through its pipe, before the group that it is
    // in is removed.
    try {
        (void)base::send_signal(guard, 0);
    } catch (const base::Exception&) {
        write_end.reset();
        (void)base::reap(guard, true);
        throw;
    }
    return guard;
}

base::UniqueFd spawn_init(base::Fd guard, const std::vector<std::pair<base::UniqueFd, int>>& enter,
                          std::uint64_t flags, base::Fd group, const std::string& time_offsets,
                          const std::function<void()>& child) {
    const ChildrenNamespace children(guard);
    int pidfd = -1;
    InitRequest request{.enter = enter, .args = {}, .child = child, .time_offsets = time_offsets};
    request.args.flags = flags | CLONE_NEWPID | CLONE_PARENT | CLONE_PIDFD;
    request.args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    if (group.valid()) {
        request.args.flags |= CLONE_INTO_CGROUP;
        request.args.cgroup = static_cast<std::uint64_t>(group.get());
    }
    const Stack stack(1U << 20);
    const pid_t forker = ::clone(&forker_main, stack.top(),
                                 CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &request);
    if (forker < 0) base::fail_errno("make a process in the guard's namespace");
    int status = 0;
    while (::waitpid(forker, &status, 0) < 0 && errno == EINTR) {
    }
    if (request.error != 0) base::fail_with(request.error, "{}", request.step);
    if (pidfd < 0)
        base::fail(base::ErrorCode::internal_error, "the process that makes the init died");
    base::test_point("init-made");
    return base::UniqueFd(pidfd);
}

}  // namespace lxvirt::helper
