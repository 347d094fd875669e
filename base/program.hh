// Starting our own programs: supervisors and the short-lived processes they call. Unlike
// base/spawn.hh nobody waits here for the end, and descriptors go along.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// The program on a read-only clone of its mount, for execveat(2) with AT_EMPTY_PATH: whoever gets
// hold of /proc/PID/exe of such a process cannot open it for writing (the class of CVE-2019-5736),
// while the page cache stays shared, which a copy in a memfd would lose. Throws SystemError naming
// the path.
[[nodiscard]] UniqueFd open_readonly_program(const std::string& path);

// Replaces this process by `program`; `argv[0]` is the name it shows. Descriptors that are not
// close-on-exec go along. Returns only with errno set.
void exec_program(Fd program, const std::vector<std::string>& argv);

struct StartedProgram {
    UniqueFd process;  // pidfd of our child
    pid_t pid = 0;
};

// Starts `path` from a read-only clone, with an empty environment and `fds` as descriptors 3, 4,
// ...; the caller reaps it. Throws SystemError where it cannot be executed.
[[nodiscard]] StartedProgram start_program(const std::string& path,
                                           const std::vector<std::string>& argv,
                                           const std::vector<Fd>& fds, Fd group = Fd());

// Lets a descriptor go over execve, respectively not.
void keep_over_exec(Fd fd, bool keep);

}  // namespace lxvirt::base
