#include "terminal/color.hh"

#include <unistd.h>

#include <cstdlib>

namespace lxvirt::terminal {

bool wants_colors(ColorMode mode, int fd) {
    if (mode != ColorMode::automatic) return mode == ColorMode::always;
    const char* const no = std::getenv("NO_COLOR");
    const char* const kind = std::getenv("TERM");
    return (no == nullptr || *no == '\0') && kind != nullptr && std::string_view(kind) != "dumb" &&
           ::isatty(fd) != 0;
}

std::string painted(std::string_view text, Paint paint) {
    const char* code = "";
    switch (paint) {
        case Paint::plain: return std::string(text);
        case Paint::good: code = "32"; break;     // green
        case Paint::waiting: code = "33"; break;  // yellow
        case Paint::bad: code = "31"; break;      // red
    }
    std::string result = "\033[";
    result.append(code).append("m").append(text).append("\033[0m");
    return result;
}

}  // namespace lxvirt::terminal
