#include "base/process/spawn.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

using Clock = std::chrono::steady_clock;

// A pipe whose ends are closed at an execve(2).
struct Pipe {
    UniqueFd read, write;
    explicit Pipe(int flags = 0) {
        std::array<int, 2> fds = {-1, -1};
        if (::pipe2(fds.data(), O_CLOEXEC | flags) != 0) fail_errno("make a pipe");
        read.reset(fds[0]);
        write.reset(fds[1]);
    }
};

// Puts the program's input into a memory file instead of a pipe: the whole input is there before
// the program begins, however large, and a program that does not read it causes no SIGPIPE here.
UniqueFd input_file(const std::string& input) {
    UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
    if (!fd) fail_errno("make a memory file for standard input");
    write_all(fd, input, "standard input");
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) fail_errno("rewind standard input");
    return fd;
}

// Returns what execve(2) takes: pointers into `strings`, which must live as long, and a null at the
// end.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (const std::string& string : strings) list.push_back(const_cast<char*>(string.c_str()));
    list.push_back(nullptr);
    return list;
}

// Holds descriptor numbers for the child.
struct ChildFds {
    int input, output, errors, report;
};

// Turns the forked child into the program. A failure is reported to the parent as an errno.
[[noreturn]] void become(const SpawnOptions& options, char* const* argv, char* const* env,
                         const ChildFds& fds) {
    // A process group of its own lets the parent kill the program with all its children.
    (void)::setpgid(0, 0);
    for (int signal = 1; signal < NSIG; ++signal) (void)::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    // The caller has moved all these descriptors above 2, so no dup2() overwrites one that is still
    // needed.
    const auto is_made = [](int from, int to) {
        return uninterrupted([&] { return ::dup2(from, to); }) == to;
    };
    const bool ready = is_made(fds.input, 0) && is_made(fds.output, 1) && is_made(fds.errors, 2) &&
                       ::chdir(options.folder.c_str()) == 0 &&
                       ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
    int error = errno;
    try {
        if (ready && options.in_child) options.in_child();
        if (ready) {
            // execve(2) closes the pipe of the report, so the parent reads nothing from it.
            ::execve(argv[0], argv, env);
            error = errno;
        }
    } catch (const SystemError& failure) {
        error = failure.error();
    } catch (...) {
        error = EINVAL;
    }
    (void)!::write(fds.report, &error, sizeof(error));
    ::_exit(127);
}

// The process between us and a tied program. It ends the way the program ends, and kills the
// program's process group when the other end of the pipe `tie`, which only we hold, closes.
[[noreturn]] void stand_between(const SpawnOptions& options, char* const* argv, char* const* env,
                                const ChildFds& fds, int tie) {
    const pid_t program = ::fork();
    if (program == 0) become(options, argv, env, fds);
    if (program < 0) {
        const int error = errno;
        (void)!::write(fds.report, &error, sizeof(error));
        ::_exit(127);
    }
    (void)::setpgid(0, 0);
    (void)::setpgid(program, program);
    (void)uninterrupted([&] { return ::dup2(tie, 0); });
    (void)::close_range(1, ~0U, 0);
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, program, 0)));
    std::array<struct pollfd, 2> polls = {{{0, 0, 0}, {pidfd.get(), POLLIN, 0}}};
    while (::poll(polls.data(), polls.size(), -1) < 0 && errno == EINTR) {
    }
    if (polls[1].revents == 0) (void)::kill(-program, SIGKILL);
    int status = 0;
    while (::waitpid(program, &status, 0) < 0 && errno == EINTR) {
    }
    // Ends by the program's signal, so that our waitpid(2) sees the same end.
    if (WIFEXITED(status)) ::_exit(WEXITSTATUS(status));
    sigset_t none;
    ::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    (void)::signal(WTERMSIG(status), SIG_DFL);
    (void)::raise(WTERMSIG(status));
    ::_exit(127);
}

// Moves a descriptor above the standard ones, so that dup2() to 0, 1 and 2 overwrites nothing that
// is still needed.
UniqueFd above_standard(UniqueFd fd) {
    if (fd.get() > 2) return fd;
    UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!moved) fail_errno("move a descriptor");
    return moved;
}

// Reads what is there; returns false at the end of the stream. Output beyond `limit` is dropped.
bool drain(Fd fd, std::string& into, std::size_t limit) {
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return true;
        if (got < 0) fail_errno("read the program's output");
        if (got == 0) return false;
        const std::size_t room = limit - std::min(limit, into.size());
        into.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    }
}

// Returns the time for poll(2), rounded up and at most an hour.
int milliseconds_left(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// Waits for the program's end and reads both streams meanwhile. Returns false where the program is
// to be killed, at the time limit or because it was cancelled.
bool follow(Fd pidfd, Fd output, Fd errors, const SpawnOptions& options, SpawnResult& result) {
    const auto deadline = Clock::now() + options.limit;
    std::array<struct pollfd, 4> polls = {{{pidfd.get(), POLLIN, 0},
                                           {output.get(), POLLIN, 0},
                                           {errors.get(), POLLIN, 0},
                                           {options.cancel.get(), POLLRDHUP, 0}}};
    for (;;) {
        const int wait = milliseconds_left(deadline);
        result.timed_out = wait == 0;
        result.cancelled = polls[3].revents != 0;
        if (result.timed_out || result.cancelled) return false;
        if (::poll(polls.data(), polls.size(), wait) < 0 && errno != EINTR)
            fail_errno("wait for '{}'", options.argv[0]);
        if (polls[1].revents != 0 && !drain(output, result.output, options.output_limit))
            polls[1].fd = -1;
        if (polls[2].revents != 0 && !drain(errors, result.errors, options.output_limit))
            polls[2].fd = -1;
        if (polls[0].revents == 0) continue;
        // A grandchild may hold the streams open for ever: take what is there and return.
        if (polls[1].fd >= 0) (void)drain(output, result.output, options.output_limit);
        if (polls[2].fd >= 0) (void)drain(errors, result.errors, options.output_limit);
        return true;
    }
}

// Owns the child: unless it was reaped, its process group is killed on destruction, so that nothing
// outlives an exception.
class Child {
  public:
    Child(pid_t pid, UniqueFd tie) : pid_(pid), tie_(std::move(tie)) {}
    ~Child() {
        if (pid_ <= 0) return;
        kill_group();
        (void)::waitpid(pid_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    [[nodiscard]] pid_t pid() const { return pid_; }
    // Killing by number is safe here: the pid is ours until it is reaped. A tied program dies with
    // the pipe.
    void kill_group() {
        if (tie_) return tie_.reset();
        (void)::kill(-pid_, SIGKILL);
        (void)::kill(pid_, SIGKILL);
    }
    int reap() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0)
            if (errno != EINTR) fail_errno("wait for process {}", pid_);
        pid_ = 0;
        return status;
    }

  private:
    pid_t pid_;
    UniqueFd tie_;
};

}  // namespace

std::string SpawnResult::text() const {
    if (timed_out) return "no end within the time limit";
    if (cancelled) return "ended, because it was no longer wanted";
    if (signal != 0) return fmt::format("killed by signal {}", signal);
    return fmt::format("exit status {}", exit_status);
}

SpawnResult run_program(const SpawnOptions& options) {
    const auto argv = pointers(options.argv);
    const auto env = pointers(options.env);
    const UniqueFd input = above_standard(input_file(options.input));
    Pipe output(O_NONBLOCK), errors(O_NONBLOCK), report;
    // O_NONBLOCK belongs to the open file; the program's ends must not have it.
    for (Fd fd : {Fd(output.write), Fd(errors.write)})
        if (::fcntl(fd.get(), F_SETFL, 0) != 0) fail_errno("set up a pipe");
    output.write = above_standard(std::move(output.write));
    errors.write = above_standard(std::move(errors.write));
    report.write = above_standard(std::move(report.write));

    UniqueFd tie_read, tie_write;
    if (options.tied) {
        Pipe tie;
        tie_read = above_standard(std::move(tie.read));
        tie_write = std::move(tie.write);
    }

    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("fork for '{}'", options.argv[0]);
    if (pid == 0) {
        const ChildFds fds{input.get(), output.write.get(), errors.write.get(), report.write.get()};
        if (options.tied) stand_between(options, argv.data(), env.data(), fds, tie_read.get());
        become(options, argv.data(), env.data(), fds);
    }
    Child child(pid, std::move(tie_write));
    test_point("program-started");
    (void)::setpgid(pid, pid);  // in both processes; EACCES after exec
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) fail_errno("open a pidfd for '{}'", options.argv[0]);
    output.write.reset();
    errors.write.reset();
    report.write.reset();

    const std::string failure = read_all(report.read, "exec report");
    if (failure.size() == sizeof(int)) {
        int error = 0;
        failure.copy(reinterpret_cast<char*>(&error), sizeof(error));
        (void)child.reap();
        fail_with(error, "execute '{}'", options.argv[0]);
    }

    SpawnResult result;
    if (!follow(pidfd, output.read, errors.read, options, result)) child.kill_group();
    const int status = child.reap();
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
    return result;
}

}  // namespace lxvirt::base
