// Small text work on views: splitting the kernel's tables, trimming. No locale, no allocation but
// for the vector.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

// Fields between single separators, empty ones included: "a,,b" -> "a", "", "b". Empty text: none.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// Words between runs of blanks, tabs and newlines.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

[[nodiscard]] bool contains_word(std::string_view text, std::string_view word);

[[nodiscard]] std::string_view trim(std::string_view text);

// "/a/b" of "//a/./b/": one slash between, none at the end, no "."; the root is "/".
[[nodiscard]] std::string clean_path(std::string_view path);

// A whole decimal number, nothing else around it; nothing on overflow.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, int base = 10) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
    return value;
}

}  // namespace lxvirt::base
