// Cuts a line into words by virsh's rules. Quotes, backslashes, `;`, newlines and `#` have a
// meaning in a line, whether it was typed, piped in or given as the only argument of the program.
// Words that come as arguments of their own are taken as they are. The parser and completion use
// it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::shell {

// A word, or a separator between two commands (`;` or a newline).
struct Token {
    enum class Kind { word, separator };
    Kind kind = Kind::word;
    std::string text;       // the word without quotes and backslashes
    std::size_t begin = 0;  // the offset of the word in the line, in bytes
};

// Returns the tokens of a line. Throws Failure if the line ends too early: `dangling \`, `missing
// "` or `missing '`. The last one is lxvirt's own: virsh takes the rest of the line as the word.
[[nodiscard]] std::vector<Token> split_line(std::string_view line);

// Does the same for a line that is still being typed: an open quote or backslash ends with the
// line, and nothing is thrown. Sets `last_is_open` to whether the line ends within a word, with no
// blank after it.
[[nodiscard]] std::vector<Token> split_unfinished(std::string_view line, bool& last_is_open);

// Returns `words` as tokens, unchanged; none of them is a separator.
[[nodiscard]] std::vector<Token> tokens_of(std::span<const std::string> words);

}  // namespace lxvirt::shell
