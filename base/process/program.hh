// Starting our own programs: supervisors and the short-lived processes they call. Unlike
// base/process/spawn.hh nobody waits here for the end, and descriptors go along.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// The program on a read-only clone of its mount, for execveat(2) with AT_EMPTY_PATH: whoever gets
// hold of /proc/PID/exe of such a process cannot open it for writing (the class of CVE-2019-5736),
// while the page cache stays shared, which a copy in a memfd would lose. Closing the last
// descriptor while the clone is attached nowhere takes milliseconds: the kernel dissolves it and
// waits for a grace period of RCU. Throws SystemError naming the path.
[[nodiscard]] UniqueFd open_readonly_program(const std::string& path);

// Replaces this process by `program`; `argv[0]` is the name it shows. Descriptors that are not
// close-on-exec go along. Returns only with errno set.
void exec_program(Fd program, const std::vector<std::string>& argv);

struct StartedProgram {
    UniqueFd process;  // pidfd of our child
    pid_t pid = 0;
    UniqueFd report;  // tells of a failed exec
};

struct ProgramStart {
    Fd program;  // from open_readonly_program(), or opened with O_PATH
    std::vector<std::string> argv;
    std::vector<Fd> fds;  // become descriptors 3, 4, ...
    Fd group = Fd();      // the v2 control group it is born in; the caller's where not valid
};

// With an empty environment; the caller reaps it. Throws SystemError naming `argv[0]` where it
// cannot be executed.
[[nodiscard]] StartedProgram start_program(const ProgramStart& start);
// The same without waiting for the exec; check_started() does, and throws where it failed.
[[nodiscard]] StartedProgram start_program_soon(const ProgramStart& start);
void check_started(StartedProgram& started, const std::string& name);

// Lets a descriptor go over execve, respectively not.
void keep_over_exec(Fd fd, bool keep);

}  // namespace lxvirt::base
