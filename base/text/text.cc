#include "base/text/text.hh"

#include <algorithm>

namespace lxvirt::base {

namespace {
// The blanks of isspace(3) that occur in the kernel's files.
constexpr std::string_view kBlank = " \t\n\r";
}  // namespace

// An empty text has no fields, while "a," has two.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> fields;
    if (text.empty()) return fields;
    for (;;) {
        const auto at = text.find(separator);
        fields.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return fields;
        text.remove_prefix(at + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t at = text.find_first_not_of(kBlank);
    while (at != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(kBlank, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(kBlank, end);
    }
    return words;
}

bool contains_word(std::string_view text, std::string_view word) {
    const auto words = split_words(text);
    return std::find(words.begin(), words.end(), word) != words.end();
}

// The result points into `text`.
std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// ".." stays as it is, since removing it would change the meaning if a folder is a symbolic link.
std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3U;
    }
    return hash;
}

std::string clean_path(std::string_view path) {
    std::string clean;
    for (const std::string_view part : split(path, '/'))
        if (!part.empty() && part != ".") clean.append("/").append(part);
    return clean.empty() ? "/" : clean;
}

namespace {

// Says whether a whole character must not reach a terminal.
bool is_control(std::string_view character) {
    const auto byte = static_cast<unsigned char>(character[0]);
    // The C1 characters are U+0080 to U+009F.
    if (character.size() == 2)
        return byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
    return character.size() == 1 && (byte < 0x20 || byte == 0x7f);
}

std::string escaped(std::string_view text, std::string_view kept) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length != 0 &&
            (!is_control(character) || kept.find(text.front()) != std::string_view::npos)) {
            out += character;
        } else {
            for (const char c : character) {
                const auto byte = static_cast<unsigned char>(c);
                out += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
            }
        }
        text.remove_prefix(character.size());
    }
    return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80    ? 1
                               : first < 0xc2  ? 0
                               : first < 0xe0  ? 2
                               : first < 0xf0  ? 3
                               : first <= 0xf4 ? 4
                                               : 0;
    if (length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0U) != 0x80) return 0;
    // Longer forms than needed, the halves of UTF-16, and what is beyond U+10FFFF.
    if (length > 2) {
        const unsigned second = byte(1);
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
            (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90))
            return 0;
    }
    return length;
}

std::string shown(std::string_view text) {
    return escaped(text, {});
}

std::string shown_lines(std::string_view text) {
    return escaped(text, "\n\t");
}

}  // namespace lxvirt::base
