// Tables of words: a list of the XML stands once, and parse, format, the schema test and the shell's
// completion look it up here in both directions. xml/domain/names.hh and xml/network/names.hh hold
// the lists.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::xml {

template <typename E>
struct Name {
    std::string_view text;
    E value;
};

template <typename E, std::size_t N>
[[nodiscard]] constexpr std::string_view name_of(const std::array<Name<E>, N>& table, E value) {
    for (const Name<E>& entry : table)
        if (entry.value == value) return entry.text;
    return {};
}

template <typename E, std::size_t N>
[[nodiscard]] constexpr std::optional<E> value_of(const std::array<Name<E>, N>& table,
                                                  std::string_view text) {
    for (const Name<E>& entry : table)
        if (entry.text == text) return entry.value;
    return std::nullopt;
}

// "a, b or c", for messages.
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

template <std::size_t N>
[[nodiscard]] constexpr bool has_word(const std::array<std::string_view, N>& words,
                                      std::string_view word) {
    for (const std::string_view entry : words)
        if (entry == word) return true;
    return false;
}

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
