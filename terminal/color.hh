// Colours of a terminal (ECMA-48, SGR), for what a reader looks for first: states and errors.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::terminal {

// What a text says; each has a colour of its own.
enum class Paint { plain, good, waiting, bad };

// When programs colour their output.
enum class ColorMode { automatic, always, never };

// Returns whether what goes to the descriptor `fd` is coloured. `automatic`: where that is a terminal,
// $TERM is neither unset nor "dumb", and $NO_COLOR is unset or empty (no-color.org).
[[nodiscard]] bool wants_colors(ColorMode mode, int fd);

// Returns the text with its colour; as it is for `plain`.
[[nodiscard]] std::string painted(std::string_view text, Paint paint);

}  // namespace lxvirt::terminal
