// Starts lxvirt's own programs: supervisors and the short-lived processes that they call. In
// contrast to base/process/spawn.hh the caller does not wait for the end here, and descriptors are
// passed to the program.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Opens the program `path` on a detached, read-only clone of the mount that holds it, for
// execveat(2) with AT_EMPTY_PATH. A process that gets hold of /proc/PID/exe of such a program
// cannot open it for writing (CVE-2019-5736), and all instances share one page cache, unlike copies
// in memfds. Closing the last descriptor of a clone that is attached nowhere blocks for some
// milliseconds: the kernel dissolves the mount and waits for an RCU grace period. Throws
// SystemError that names the path.
[[nodiscard]] UniqueFd open_readonly_program(const std::string& path);

// Replaces this process by `program`; `argv[0]` is the name that ps shows. The environment is
// empty. Descriptors without close-on-exec are passed on. Returns only on failure, with errno set.
void exec_program(Fd program, const std::vector<std::string>& argv);

// A process made by start_program(); the caller reaps it.
struct StartedProgram {
    UniqueFd process;  // pidfd
    pid_t pid = 0;
    UniqueFd report;  // end of a pipe that carries the errno of a failed exec
};

// Describes a program to start.
struct ProgramStart {
    Fd program;  // from open_readonly_program(), or opened with O_PATH
    std::vector<std::string> argv;
    std::vector<Fd> fds;  // become descriptors 3, 4, ... of the program
    Fd group = Fd();      // v2 control group to be born in; the caller's own if invalid
};

// Starts the program with an empty environment and returns once it has been executed. Throws
// SystemError that names `argv[0]` where it cannot be executed.
[[nodiscard]] StartedProgram start_program(const ProgramStart& start);
// Starts the program without waiting for its exec. The caller must call check_started() later.
[[nodiscard]] StartedProgram start_program_soon(const ProgramStart& start);
// Waits for the exec of a program that start_program_soon() made; throws SystemError that names
// `name`, and reaps the child, where the exec failed.
void check_started(StartedProgram& started, const std::string& name);

// Clears (`keep`) or sets the close-on-exec flag of `fd`. Throws SystemError.
void keep_over_exec(Fd fd, bool keep);

}  // namespace lxvirt::base
