// Tables of words. Each list of the XML stands once, and the parser, the formatter, the test of the
// schema and the shell's completion look words up in it, in either direction. The lists are in
// xml/domain/names.hh and xml/network/names.hh.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::xml {

// Pairs a word of the XML with its enumerator.
template <typename E>
struct Name {
    std::string_view text;
    E value;
};

// Returns the word for `value`; empty where the table has none.
template <typename E, std::size_t N>
[[nodiscard]] constexpr std::string_view name_of(const std::array<Name<E>, N>& table, E value) {
    for (const Name<E>& entry : table)
        if (entry.value == value) return entry.text;
    return {};
}

// Returns the value of the word `text`; nothing where the table has no such word.
template <typename E, std::size_t N>
[[nodiscard]] constexpr std::optional<E> value_of(const std::array<Name<E>, N>& table,
                                                  std::string_view text) {
    for (const Name<E>& entry : table)
        if (entry.text == text) return entry.value;
    return std::nullopt;
}

// Returns "a, b or c", for error messages.
template <typename E, std::size_t N>
[[nodiscard]] std::string list_of(const std::array<Name<E>, N>& table) {
    std::string result;
    for (std::size_t i = 0; i < N; ++i) {
        if (i != 0) result += i + 1 == N ? " or " : ", ";
        result += table[i].text;
    }
    return result;
}

inline constexpr std::array<Name<bool>, 2> kYesNo{{{"yes", true}, {"no", false}}};
inline constexpr std::array<Name<bool>, 2> kOnOff{{{"on", true}, {"off", false}}};
inline constexpr std::array<Name<bool>, 2> kUpDown{{{"up", true}, {"down", false}}};

// Says whether `word` is in a list of plain words.
template <std::size_t N>
[[nodiscard]] constexpr bool has_word(const std::array<std::string_view, N>& words,
                                      std::string_view word) {
    for (const std::string_view entry : words)
        if (entry == word) return true;
    return false;
}

// Returns "a, b or c", for error messages.
template <std::size_t N>
[[nodiscard]] std::string list_of(const std::array<std::string_view, N>& words) {
    std::string result;
    for (std::size_t i = 0; i < N; ++i) {
        if (i != 0) result += i + 1 == N ? " or " : ", ";
        result += words[i];
    }
    return result;
}

}  // namespace lxvirt::xml
