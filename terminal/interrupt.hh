// Ctrl-C for commands that wait by themselves (event, shutdown --wait), and for the shell's own
// prompt.
#pragma once

#include <csignal>

namespace lxvirt::terminal {

// The longest wait, in milliseconds, that a command may do in one piece: a SIGINT that comes
// between a look at interrupted() and the wait is noticed only afterwards.
inline constexpr int kWaitSlice = 500;

// While one of these objects exists, SIGINT does not end the process, but is counted and interrupts
// poll(2) and read(2) with EINTR. The former disposition returns with its end. The objects may be
// nested. Throws SystemError.
class InterruptGuard {
  public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    // Says whether SIGINT has come since this object was made.
    [[nodiscard]] bool interrupted() const;

  private:
    struct sigaction former_ {};
    unsigned before_;
};

}  // namespace lxvirt::terminal
