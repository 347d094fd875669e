// How wide a text stands on the terminal, in columns, and how characters that must not reach it are
// shown. Uses the locale (wcwidth(3)), which is set only where a table has something beyond ASCII.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::terminal {

struct Printable {
    std::string text;  // control characters and broken bytes as \xNN
    std::size_t columns = 0;
};

[[nodiscard]] Printable printable(std::string_view text);

}  // namespace lxvirt::terminal
