// Ctrl-C for commands that wait by themselves (event, shutdown --wait) and for the shell's own
// prompt. A SIGINT that comes between the look at the flag and the wait would be noticed late, so
// the waits are cut into slices of a second or less (kWaitSlice).
#pragma once

#include <csignal>

namespace lxvirt::terminal {

// While one lives, SIGINT ends no process but sets a flag and breaks poll(2) and read(2) with
// EINTR. The former disposition comes back at its end. They nest.
inline constexpr int kWaitSlice = 500;  // milliseconds

class InterruptGuard {
  public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    // SIGINT came since this guard was made.
    [[nodiscard]] bool interrupted() const;

  private:
    struct sigaction former_ {};
    unsigned before_;
};

}  // namespace lxvirt::terminal
