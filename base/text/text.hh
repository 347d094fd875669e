// Splits and trims small texts such as the kernel's tables. No function depends on the locale;
// those that return views borrow from their argument.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

// Returns the fields between single separators, including empty ones: "a", "", "b" for "a,,b". An
// empty text has no fields.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// Returns the words between runs of blanks, tabs and newlines.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

// Says whether `word` is one of the words of `text`.
[[nodiscard]] bool contains_word(std::string_view text, std::string_view word);

// Returns `text` without the blanks, tabs and newlines around it.
[[nodiscard]] std::string_view trim(std::string_view text);

// Returns the FNV-1a hash, 64 bit (draft-eastlake-fnv). It is the same in every version of every
// program, as names in the kernel and reserved addresses outlive an upgrade.
[[nodiscard]] std::uint64_t fnv1a(std::string_view text);

// Returns "/a/b" for "//a/./b/": one slash between names, none at the end, no "."; the root is "/".
// A ".." stays, since a link may be before it.
[[nodiscard]] std::string clean_path(std::string_view path);

// Returns the bytes of the first character of `text`, which is not empty: 1 to 4 where it is UTF-8
// (RFC 3629), 0 where it is not.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Returns `text` fit for a terminal: control characters (C0, DEL, C1) and bytes that are no UTF-8
// become \xNN, one for each byte. Whatever comes from a container or names a file goes through
// shown() before it is put into a sentence or a table. shown_lines() keeps newlines and tabs, for
// text that may have several lines.
[[nodiscard]] std::string shown(std::string_view text);
[[nodiscard]] std::string shown_lines(std::string_view text);

// Parses a whole number in `base` with nothing around it, no sign "+" and no blank. Returns nothing
// for any other text and on overflow.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, int base = 10) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
    return value;
}

}  // namespace lxvirt::base
