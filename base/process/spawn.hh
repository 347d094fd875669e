// Runs a short-lived program and waits for it: hooks, mkfs, nft. The program starts clean: its own
// process group, default signal dispositions, empty signal mask, no descriptor but 0, 1 and 2. It
// is waited for on a pidfd, so a time limit needs no signal and no polling.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

struct SpawnOptions {
    std::vector<std::string> argv;  // argv[0] is the path, absolute: there is no PATH look-up
    std::vector<std::string> env;   // "NAME=value"; nothing of the caller's goes in
    std::string input;              // its standard input
    std::string folder = "/";       // its working folder
    std::chrono::milliseconds limit = std::chrono::seconds(30);  // then its group is killed
    std::size_t output_limit = 1U << 20;  // bytes kept of each stream; the rest is read and dropped
    // Its process group is killed when this process dies, by a process between them that waits for
    // either's end.
    bool tied = false;
    Fd cancel = {};  // a socket whose hang-up ends it
    // Runs in the new process before it executes the program, for what only that one is to lose.
    std::function<void()> in_child = {};
};

struct SpawnResult {
    int exit_status = 0;  // meaningless unless exited()
    int signal = 0;       // that ended it, or 0
    bool timed_out = false, cancelled = false;
    std::string output, errors;  // standard output and standard error
    [[nodiscard]] bool exited() const { return signal == 0 && !timed_out && !cancelled; }
    [[nodiscard]] bool succeeded() const { return exited() && exit_status == 0; }
    // "exit status 3", "killed by signal 9", "no end after 30 s".
    [[nodiscard]] std::string text() const;
};

// Throws SystemError where the program cannot be executed.
[[nodiscard]] SpawnResult run_program(const SpawnOptions& options);

}  // namespace lxvirt::base
