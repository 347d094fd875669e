// The terminal that the shell runs on: raw mode that is always taken back, signals taken meanwhile,
// single keys, its size.
#pragma once

#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/fd.hh"

namespace lxvirt::terminal {

// Puts the terminal on stdin into raw mode (cfmakeraw(3)) for its lifetime.
class RawTerminal {
  public:
    // Throws base::SystemError.
    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

  private:
    termios former_{};
};

// Takes the signals that would end the shell with the terminal still raw, and SIGWINCH, as a
// descriptor, for its lifetime.
class TakenSignals {
  public:
    // Throws base::SystemError.
    TakenSignals();
    ~TakenSignals();
    TakenSignals(const TakenSignals&) = delete;
    TakenSignals& operator=(const TakenSignals&) = delete;
    [[nodiscard]] base::Fd fd() const { return fd_; }  // a signalfd(2), non-blocking

  private:
    sigset_t former_{};
    base::UniqueFd fd_;
};

struct WindowSize {
    unsigned rows = 0, columns = 0;
};

// Nothing where it is no terminal or has no size.
[[nodiscard]] std::optional<WindowSize> window_size(int terminal = STDIN_FILENO);

// One key pressed, unechoed; nothing at the end of input, and for Ctrl-C and Ctrl-D.
[[nodiscard]] std::optional<char> read_key();

}  // namespace lxvirt::terminal
