#include "base/program.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/mount.hh"
#include "base/process.hh"

namespace lxvirt::base {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

// Out of the way of the numbers that the program is to find.
UniqueFd move_up(Fd fd) {
    UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 16));
    if (!moved) fail_errno("duplicate a descriptor");
    return moved;
}

}  // namespace

UniqueFd open_readonly_program(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!file) fail_errno("find the program '{}'", path);
    UniqueFd program = clone_mount(file, false);
    change_mount(program, {.set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE}, path);
    return program;
}

void exec_program(Fd program, const std::vector<std::string>& argv) {
    const auto words = pointers(argv);
    char* const environment[] = {nullptr};
    (void)::syscall(SYS_execveat, program.get(), "", words.data(), environment, AT_EMPTY_PATH);
}

StartedProgram start_program(const std::string& path, const std::vector<std::string>& argv,
                             const std::vector<Fd>& fds) {
    const UniqueFd program = move_up(open_readonly_program(path));
    std::vector<UniqueFd> moved;
    for (const Fd fd : fds) moved.push_back(move_up(fd));
    const auto words = pointers(argv);
    char* const environment[] = {nullptr};
    volatile int error = 0;
    // The child shares our memory until it executes: only system calls in between.
    const pid_t pid = ::vfork();
    if (pid == 0) {
        int number = 3;
        for (const UniqueFd& fd : moved)
            if (::dup2(fd.get(), number++) < 0) error = errno;
        if (error == 0) {
            (void)::syscall(SYS_execveat, program.get(), "", words.data(), environment,
                            AT_EMPTY_PATH);
            error = errno;
        }
        ::_exit(127);
    }
    if (pid < 0) fail_errno("spawn '{}'", path);
    auto process = open_pidfd(pid);
    if (!process) fail(ErrorCode::internal_error, "the new process of '{}' is gone", path);
    if (error != 0) {
        (void)reap(*process, true);
        fail_with(error, "execute '{}'", path);
    }
    return {std::move(*process), pid};
}

void keep_over_exec(Fd fd, bool keep) {
    if (::fcntl(fd.get(), F_SETFD, keep ? 0 : FD_CLOEXEC) != 0)
        fail_errno("keep descriptor {} over execve", fd.get());
}

}  // namespace lxvirt::base
