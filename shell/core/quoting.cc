#include "shell/core/quoting.hh"

namespace lxvirt::shell {

std::string quote_for_shell(std::string_view word) {
    constexpr std::string_view kSpecial = "\r\t\n !\"#$&'()*;<>?[\\]^`{|}~";
    if (!word.empty() && word.find_first_of(kSpecial) == std::string_view::npos)
        return std::string(word);
    std::string out = "'";
    for (const char c : word)
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    return out + "'";
}

std::string split_at_commas(std::string_view word) {
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
        const bool comma = word[i] == ',';
        const bool doubled = comma && i + 1 < word.size() && word[i + 1] == ',';
        if (doubled) ++i;
        out += comma && !doubled ? '\n' : word[i];
    }
    return out + '\n';
}

}  // namespace lxvirt::shell
