#include "base/spawn.hh"

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
#include "base/file.hh"

namespace lxvirt::base {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    UniqueFd read, write;
    explicit Pipe(int flags = 0) {
        std::array<int, 2> fds = {-1, -1};
        if (::pipe2(fds.data(), O_CLOEXEC | flags) != 0) fail_errno("make a pipe");
        read.reset(fds[0]);
        write.reset(fds[1]);
    }
};

// A memory file instead of a pipe: the whole input is there before the program runs, however large,
// and a program that does not read it raises no SIGPIPE here.
UniqueFd input_file(const std::string& input) {
    UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
    if (!fd) fail_errno("make a memory file for standard input");
    write_all(fd, input, "standard input");
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) fail_errno("rewind standard input");
    return fd;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (const std::string& string : strings) list.push_back(const_cast<char*>(string.c_str()));
    list.push_back(nullptr);
    return list;
}

struct ChildFds {
    int input, output, errors, report;
};

// Runs in the child: only async-signal-safe calls. Failure travels back as an errno.
[[noreturn]] void become(const SpawnOptions& options, char* const* argv, char* const* env,
                         const ChildFds& fds) {
    (void)::setpgid(0, 0);
    for (int signal = 1; signal < NSIG; ++signal) (void)::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    // The report pipe is moved out of the way of 0..2 by the caller's F_DUPFD_CLOEXEC.
    const bool ready = ::dup2(fds.input, 0) == 0 && ::dup2(fds.output, 1) == 1 &&
                       ::dup2(fds.errors, 2) == 2 && ::chdir(options.folder.c_str()) == 0 &&
                       ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
    if (ready) ::execve(argv[0], argv, env);
    const int error = errno;
    (void)!::write(fds.report, &error, sizeof(error));
    ::_exit(127);
}

// A duplicate above the standard descriptors, so that dup2 to 0..2 overwrites nothing still needed.
UniqueFd above_standard(UniqueFd fd) {
    if (fd.get() > 2) return fd;
    UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!moved) fail_errno("move a descriptor");
    return moved;
}

// Takes what is there; false at the end of the stream.
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

int milliseconds_left(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// Waits for the end, reading both streams meanwhile; false at the deadline.
bool follow(Fd pidfd, Fd output, Fd errors, const SpawnOptions& options, SpawnResult& result) {
    const auto deadline = Clock::now() + options.limit;
    std::array<struct pollfd, 3> polls = {
        {{pidfd.get(), POLLIN, 0}, {output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
    for (;;) {
        const int wait = milliseconds_left(deadline);
        if (wait == 0) return false;
        if (::poll(polls.data(), polls.size(), wait) < 0 && errno != EINTR)
            fail_errno("wait for '{}'", options.argv[0]);
        if (polls[1].revents != 0 && !drain(output, result.output, options.output_limit))
            polls[1].fd = -1;
        if (polls[2].revents != 0 && !drain(errors, result.errors, options.output_limit))
            polls[2].fd = -1;
        if (polls[0].revents == 0) continue;
        // A grandchild may hold the streams open for ever: take what is there and go.
        if (polls[1].fd >= 0) (void)drain(output, result.output, options.output_limit);
        if (polls[2].fd >= 0) (void)drain(errors, result.errors, options.output_limit);
        return true;
    }
}

// Kills the program's group unless told that it was reaped: nothing outlives a throw.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    ~Child() {
        if (pid_ <= 0) return;
        kill_group();
        (void)::waitpid(pid_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    [[nodiscard]] pid_t pid() const { return pid_; }
    // Safe by number: the pid is ours until it is reaped.
    void kill_group() const {
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
};

}  // namespace

std::string SpawnResult::text() const {
    if (timed_out) return "no end within the time limit";
    if (signal != 0) return fmt::format("killed by signal {}", signal);
    return fmt::format("exit status {}", exit_status);
}

SpawnResult run_program(const SpawnOptions& options) {
    const auto argv = pointers(options.argv);
    const auto env = pointers(options.env);
    const UniqueFd input = above_standard(input_file(options.input));
    Pipe output(O_NONBLOCK), errors(O_NONBLOCK), report;
    // Only our ends are to be non-blocking.
    for (Fd fd : {Fd(output.write), Fd(errors.write)})
        if (::fcntl(fd.get(), F_SETFL, 0) != 0) fail_errno("set up a pipe");
    output.write = above_standard(std::move(output.write));
    errors.write = above_standard(std::move(errors.write));
    report.write = above_standard(std::move(report.write));

    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("fork for '{}'", options.argv[0]);
    if (pid == 0)
        become(options, argv.data(), env.data(),
               {input.get(), output.write.get(), errors.write.get(), report.write.get()});
    Child child(pid);
    (void)::setpgid(pid, pid);  // whichever of the two comes first; EACCES after its exec
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
    result.timed_out = !follow(pidfd, output.read, errors.read, options, result);
    if (result.timed_out) child.kill_group();
    const int status = child.reap();
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
    return result;
}

}  // namespace lxvirt::base
