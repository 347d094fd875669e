// The terminal that the shell runs on: raw mode that is always taken back, single keys, its size.
#pragma once

#include <termios.h>

#include <optional>

namespace lxvirt::shell {

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

struct WindowSize {
    unsigned rows = 0, columns = 0;
};

// Nothing where stdin is no terminal or has no size.
[[nodiscard]] std::optional<WindowSize> window_size();

// One key pressed, unechoed; nothing at the end of input, and for Ctrl-C and Ctrl-D.
[[nodiscard]] std::optional<char> read_key();

}  // namespace lxvirt::shell
