// The width of a text on the terminal, in columns, and a safe form of characters that must not
// reach it. The locale (wcwidth(3)) is set up only when a table contains something beyond ASCII.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::terminal {

// A text as it may be written to a terminal.
struct Printable {
    std::string text;         // control characters and malformed bytes as \xNN
    std::size_t columns = 0;  // its width
};

// Returns the safe form of `text` and its width.
[[nodiscard]] Printable printable(std::string_view text);

}  // namespace lxvirt::terminal
