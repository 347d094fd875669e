#include "base/process/program.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/mount.hh"
#include "base/process/process.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

// Returns what execve(2) takes: pointers into `words`, which must live as long, and a null at the
// end.
std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

// Duplicates `fd` to a number of 16 or more, out of the way of the numbers 3, 4, ... that the
// program is to find.
UniqueFd move_up(Fd fd) {
    UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 16));
    if (!moved) fail_errno("duplicate a descriptor");
    return moved;
}

}  // namespace

UniqueFd open_readonly_program(const std::string& path) {
    const UniqueFd file = open_quietly(path, O_PATH);
    if (!file) fail_errno("find the program '{}'", path);
    UniqueFd program = clone_mount(file, false, path);
    change_mount(program, {.set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE}, path);
    return program;
}

void exec_program(Fd program, const std::vector<std::string>& argv) {
    const auto words = pointers(argv);
    const auto variables = test_environment();  // empty but in a build for tests
    const auto environment = pointers(variables);
    // Returns only on failure, with errno set. AT_EMPTY_PATH executes the descriptor itself, so no
    // other file can take its place.
    (void)::syscall(SYS_execveat, program.get(), "", words.data(), environment.data(),
                    AT_EMPTY_PATH);
}

StartedProgram start_program_soon(const ProgramStart& start) {
    const UniqueFd program = move_up(start.program);
    std::vector<UniqueFd> moved;
    for (const Fd fd : start.fds) moved.push_back(move_up(fd));
    const auto words = pointers(start.argv);
    const auto variables = test_environment();  // empty but in a build for tests
    const auto environment = pointers(variables);
    // A failed exec writes its errno to the pipe; a successful one closes it (O_CLOEXEC).
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("make a pipe");
    UniqueFd report(ends[0]);
    UniqueFd failure = move_up(Fd(ends[1]));
    (void)::close(ends[1]);
    int pidfd = -1;
    // CLONE_PIDFD gives a descriptor of the child without a moment in which its number could be
    // reused.
    clone_args args{};
    args.flags = CLONE_PIDFD;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.exit_signal = SIGCHLD;
    if (start.group.valid()) {
        // The child begins in the control group (clone3(2), since Linux 5.7), so no part of its
        // life escapes the group's limits.
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(start.group.get());
    }
    const pid_t pid = clone3(args);
    if (pid == 0) {
        int number = 3;
        bool placed = true;
        for (const UniqueFd& fd : moved) {
            placed = placed && uninterrupted([&] { return ::dup2(fd.get(), number); }) >= 0;
            ++number;
        }
        if (placed)
            (void)::syscall(SYS_execveat, program.get(), "", words.data(), environment.data(),
                            AT_EMPTY_PATH);
        const int error = errno;
        (void)!::write(failure.get(), &error, sizeof error);
        ::_exit(127);
    }
    if (pid < 0) {
        errno = -pid;
        fail_call("clone3", "spawn '{}'", start.argv.front());
    }
    test_point("program-started");
    return {UniqueFd(pidfd), pid, std::move(report)};
}

void check_started(StartedProgram& started, const std::string& name) {
    int error = 0;
    const ssize_t got =
        uninterrupted([&] { return ::read(started.report.get(), &error, sizeof error); });
    if (got != sizeof error) return;
    (void)reap(started.process, true);
    started.process.reset();
    fail_with(error, "execute '{}'", name);
}

StartedProgram start_program(const ProgramStart& start) {
    StartedProgram started = start_program_soon(start);
    check_started(started, start.argv.front());
    return started;
}

void keep_over_exec(Fd fd, bool keep) {
    if (::fcntl(fd.get(), F_SETFD, keep ? 0 : FD_CLOEXEC) != 0)
        fail_errno("keep descriptor {} over execve", fd.get());
}

}  // namespace lxvirt::base
