#include "shell/commands/stop_modes.hh"

#include <optional>

#include "shell/core/failure.hh"

namespace lxvirt::shell {

namespace {

struct Mode {
    std::string_view word;
    unsigned flag;
    std::optional<driver::StopMode> mode;
};

constexpr Mode kModes[] = {
    {"acpi", 0x1, std::nullopt},
    {"agent", 0x2, std::nullopt},
    {"initctl", 0x4, driver::StopMode::initctl},
    {"signal", 0x8, driver::StopMode::signal},
    {"paravirt", 0x10, std::nullopt},
};

const Mode* find_mode(std::string_view word) {
    for (const Mode& mode : kModes)
        if (mode.word == word) return &mode;
    return nullptr;
}

}  // namespace

StopModes stop_modes(const Invocation& invocation, std::string_view ending) {
    StopModes out;
    if (!invocation.has("mode")) return out;
    const std::string list = invocation.text("mode");
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        const std::string word = list.substr(begin, end - begin);
        const Mode* mode = find_mode(word);
        if (mode == nullptr) {
            give_up("Unknown mode {} value, expecting 'acpi', 'agent', 'initctl', {}", word,
                    ending);
        }
        if (mode->mode)
            out.modes.push_back(*mode->mode);
        else
            out.unsupported |= mode->flag;
        begin = end + 1;
    }
    return out;
}

std::vector<std::string> complete_stop_modes(Session&) {
    std::vector<std::string> words;
    for (const Mode& mode : kModes)
        if (mode.mode) words.emplace_back(mode.word);
    return words;
}

}  // namespace lxvirt::shell
