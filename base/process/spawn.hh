// Runs a short-lived program and waits for its end: hooks, mkfs, nft. The program begins in a clean
// state: a process group of its own, default signal dispositions, an empty signal mask, and no
// descriptors but 0, 1 and 2. The wait is on a pidfd, so the time limit needs neither a signal nor
// polling.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Describes the program and its limits.
struct SpawnOptions {
    std::vector<std::string> argv;  // argv[0] is an absolute path; PATH is not searched
    std::vector<std::string> env;   // "NAME=value"; the program gets nothing else
    std::string input;              // what it reads from its standard input
    std::string folder = "/";       // working folder
    std::chrono::milliseconds limit = std::chrono::seconds(30);  // then its group is killed
    std::size_t output_limit = 1U << 20;  // bytes kept of each stream; the rest is read and dropped
    // Ties the program's life to this process: when this process dies, the program's process group
    // is killed by a process that stands between both and waits for the end of either.
    bool tied = false;
    Fd cancel = {};  // a socket; the program is killed when its peer hangs up
    // Runs in the new process before the exec, to drop rights there that the caller keeps. An
    // exception fails the start.
    std::function<void()> in_child = {};
};

// Tells how the program ended and what it wrote.
struct SpawnResult {
    int exit_status = 0;                        // counts only if exited()
    int signal = 0;                             // that killed the program, or 0
    bool timed_out = false, cancelled = false;  // killed at the limit, or by `cancel`
    std::string output, errors;                 // standard output and standard error
    [[nodiscard]] bool exited() const { return signal == 0 && !timed_out && !cancelled; }
    [[nodiscard]] bool succeeded() const { return exited() && exit_status == 0; }
    // Returns the end as words: "exit status 3", "killed by signal 9", "no end within the time
    // limit".
    [[nodiscard]] std::string text() const;
};

// Runs the program and waits for its end. A program that fails is no exception: look at the result.
// Throws SystemError where it cannot be executed.
[[nodiscard]] SpawnResult run_program(const SpawnOptions& options);

}  // namespace lxvirt::base
