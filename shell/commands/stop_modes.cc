#include "shell/commands/stop_modes.hh"

#include "shell/core/failure.hh"

namespace lxvirt::shell {

namespace {

struct Mode {
    std::string_view word;
    driver::StopFlags flag;
    bool offered;  // a container has the mode, so completion offers it
};

constexpr Mode kModes[] = {
    {"acpi", driver::StopFlags::acpi, false},         {"agent", driver::StopFlags::agent, false},
    {"initctl", driver::StopFlags::initctl, true},    {"signal", driver::StopFlags::signal, true},
    {"paravirt", driver::StopFlags::paravirt, false},
};

const Mode* find_mode(std::string_view word) {
    for (const Mode& mode : kModes)
        if (mode.word == word) return &mode;
    return nullptr;
}

}  // namespace

driver::StopFlags stop_flags(const Invocation& invocation, std::string_view ending) {
    driver::StopFlags out{};
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
        out |= mode->flag;
        begin = end + 1;
    }
    return out;
}

std::vector<std::string> complete_stop_modes(Session&) {
    std::vector<std::string> words;
    for (const Mode& mode : kModes)
        if (mode.offered) words.emplace_back(mode.word);
    return words;
}

}  // namespace lxvirt::shell
