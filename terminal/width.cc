#include "terminal/width.hh"

#include <clocale>
#include <cwchar>

#include <fmt/format.h>

namespace lxvirt::terminal {

namespace {

// Says whether all characters are printable ASCII, which is one column each.
bool plain(std::string_view text) {
    for (const char c : text)
        if (c < 0x20 || c > 0x7e) return false;
    return true;
}

// Appends bytes that cannot be shown as \xNN, four columns each.
void append_escaped(Printable& out, std::string_view bytes) {
    for (const char c : bytes) {
        out.text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        out.columns += 4;
    }
}

}  // namespace

Printable printable(std::string_view text) {
    if (plain(text)) return {std::string(text), text.size()};
    // The locale is set once in a process; a table of plain names never pays for it.
    static const bool located = std::setlocale(LC_CTYPE, "") != nullptr;
    (void)located;
    Printable out;
    std::mbstate_t state{};
    while (!text.empty()) {
        wchar_t wide = 0;
        // mbrtowc(3) returns huge numbers for an incomplete and for an invalid sequence, and 0 for
        // a zero byte.
        const std::size_t length = std::mbrtowc(&wide, text.data(), text.size(), &state);
        const bool broken = length == 0 || length > text.size();
        const int columns = broken ? -1 : wcwidth(wide);
        const std::size_t used = broken ? 1 : length;
        if (columns < 0) {
            append_escaped(out, text.substr(0, used));
            state = {};
        } else {
            out.text += text.substr(0, used);
            out.columns += static_cast<std::size_t>(columns);
        }
        text.remove_prefix(used);
    }
    return out;
}

}  // namespace lxvirt::terminal
