// The terminal that the shell runs on: raw mode that always ends, signals taken meanwhile, single
// keys, and its size.
#pragma once

#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/fd.hh"

namespace lxvirt::terminal {

// Holds the terminal on standard input in raw mode (cfmakeraw(3)).
class RawTerminal {
  public:
    // Throws SystemError where standard input is no terminal.
    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

  private:
    termios former_{};
};

// Turns the signals that would end the shell while the terminal is raw, and SIGWINCH, into a
// readable descriptor.
class TakenSignals {
  public:
    // Throws SystemError.
    TakenSignals();
    ~TakenSignals();
    TakenSignals(const TakenSignals&) = delete;
    TakenSignals& operator=(const TakenSignals&) = delete;
    [[nodiscard]] base::Fd fd() const { return fd_; }  // signalfd(2), non-blocking

  private:
    sigset_t former_{};
    base::UniqueFd fd_;
};

// The size of a terminal, in characters.
struct WindowSize {
    unsigned rows = 0, columns = 0;
};

// Returns the size of a terminal; nothing where the descriptor is no terminal or has no size.
[[nodiscard]] std::optional<WindowSize> window_size(int terminal = STDIN_FILENO);

// Waits for one key and returns it, without an echo; nothing at the end of the input, for Ctrl-C
// and for Ctrl-D. Throws SystemError.
[[nodiscard]] std::optional<char> read_key();

}  // namespace lxvirt::terminal
