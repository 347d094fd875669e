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
std::string clean_path(std::string_view path) {
    std::string clean;
    for (const std::string_view part : split(path, '/'))
        if (!part.empty() && part != ".") clean.append("/").append(part);
    return clean.empty() ? "/" : clean;
}

}  // namespace lxvirt::base
