#include "shell/core/command.hh"

#include <charconv>

#include "shell/core/failure.hh"

namespace lxvirt::shell {

const Option* Command::find_option(std::string_view option) const {
    for (const Option& candidate : options)
        if (candidate.name == option) return &candidate;
    return nullptr;
}

const Command* find_command(std::span<const Group> groups, std::string_view name) {
    for (const Group& group : groups) {
        for (const Command& command : group.commands)
            if (command.name == name) return &command;
    }
    return nullptr;
}

const Group* find_group(std::span<const Group> groups, std::string_view keyword) {
    for (const Group& group : groups)
        if (group.keyword == keyword || group.title == keyword) return &group;
    return nullptr;
}

void Invocation::add(const Option& option, std::string text) {
    values_.push_back({&option, std::move(text)});
}

const Invocation::Value* Invocation::find(std::string_view option) const {
    for (const Value& value : values_)
        if (value.option->name == option) return &value;
    return nullptr;
}

std::string Invocation::text(std::string_view option) const {
    const Value* value = find(option);
    if (value == nullptr) return {};
    // The message is virsh's for an option without VSH_OFLAG_EMPTY_OK.
    if (value->text.empty() && !value->option->empty_ok)
        give_up("Failed to get option '{}': Option argument is empty", option);
    return value->text;
}

std::int64_t Invocation::number(std::string_view option, std::int64_t fallback,
                                std::int64_t minimum) const {
    const Value* value = find(option);
    if (value == nullptr) return fallback;
    std::int64_t number = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [stop, error] = std::from_chars(value->text.data(), end, number);
    if (error != std::errc() || stop != end || number < minimum) {
        give_up("Numeric value '{}' for <{}> option is malformed or out of range", value->text,
                option);
    }
    return number;
}

std::vector<std::string> Invocation::all(std::string_view option) const {
    std::vector<std::string> texts;
    for (const Value& value : values_)
        if (value.option->name == option) texts.push_back(value.text);
    return texts;
}

void Invocation::exclusive(std::string_view one, std::string_view other) const {
    if (has(one) && has(other)) give_up("Options --{} and --{} are mutually exclusive", one, other);
}

}  // namespace lxvirt::shell
