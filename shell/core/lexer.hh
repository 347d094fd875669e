// Cuts a line into words as virsh does. Quotes, backslashes, `;`, newlines and `#` mean something
// in a line (typed, piped in, or given as the one argument of the program); words that come as
// arguments of their own are taken as they are. Used by the parser and by completion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::shell {

struct Token {
    enum class Kind { word, separator };
    Kind kind = Kind::word;
    std::string text;       // without its quotes
    std::size_t begin = 0;  // where it starts in the line, in bytes
};

// Throws Failure: `dangling \`, `missing "`, `missing '`.
[[nodiscard]] std::vector<Token> split_line(std::string_view line);

// The same for a line that is still being typed: what is open stays open and nothing is thrown.
// `last_is_open` says that the cursor stands in the last word (no blank after it).
[[nodiscard]] std::vector<Token> split_unfinished(std::string_view line, bool& last_is_open);

[[nodiscard]] std::vector<Token> tokens_of(std::span<const std::string> words);

}  // namespace lxvirt::shell
