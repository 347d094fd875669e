#include "shell/core/help.hh"

#include <fmt/format.h>

namespace lxvirt::shell {

namespace {

// Says whether the command has an option of type data, which changes how an argv option is shown.
bool has_bare_option(const Command& command) {
    for (const Option& option : command.options)
        if (option.type == OptionType::data) return true;
    return false;
}

// Returns an option as virsh's SYNOPSIS shows it. The brackets are virsh's, odd ones included: a
// required integer is "<name>" and a required string "--name <string>". `named_argv` says that the
// command has a data option, too; virsh then shows the name of an argv option.
std::string synopsis(const Option& option, bool named_argv) {
    const std::string_view name = option.name;
    switch (option.type) {
        case OptionType::boolean: return fmt::format("[--{}]", name);
        case OptionType::string:
            if (option.required) return fmt::format("--{} <string>", name);
            return fmt::format("[--{} <string>]", name);
        case OptionType::integer:
            if (option.required) return fmt::format("<{}>", name);
            return fmt::format("[--{} <number>]", name);
        case OptionType::data:
            if (option.required) return fmt::format("<{}>", name);
            return fmt::format("[<{}>]", name);
        case OptionType::argv: {
            const std::string word =
                named_argv ? fmt::format("[--{}] <string>", name) : fmt::format("<{}>", name);
            if (!option.required) return fmt::format("[{}]...", word);
            return named_argv ? fmt::format("{{{}}}...", word) : word + "...";
        }
        case OptionType::alias: break;
    }
    return {};
}

// Returns an option as the OPTIONS part of virsh's help shows it, which differs from the synopsis.
std::string option_label(const Option& option, bool named_argv) {
    const std::string_view name = option.name;
    switch (option.type) {
        case OptionType::boolean: return fmt::format("--{}", name);
        case OptionType::string: return fmt::format("--{} <string>", name);
        case OptionType::integer:
            if (option.required) return fmt::format("[--{}] <number>", name);
            return fmt::format("--{} <number>", name);
        case OptionType::data: return fmt::format("[--{}] <string>", name);
        case OptionType::argv:
            if (named_argv) return fmt::format("[--{}] <string>", name);
            return fmt::format("<{}>", name);
        case OptionType::alias: break;
    }
    return {};
}

struct ProgramOption {
    std::string_view label, help;
};

constexpr ProgramOption kProgramOptions[] = {
    {"--color=WHEN", "colours for states and errors: auto, always or never"},
    {"-c | --connect=URI", "the containers to work on: lxc:/// or lxc:///embed?root=DIR"},
    {"-d | --debug=NUM", "how much to say, from 0 (all) to 4 (errors only)"},
    {"-e | --escape <char>", "the character that leaves a console, ^] unless given"},
    {"-h | --help", "this text"},
    {"-k | --keepalive-interval=NUM", "taken for virsh's sake: there is no connection to keep"},
    {"-K | --keepalive-count=NUM", "likewise"},
    {"-l | --log=FILE", "append messages to FILE"},
    {"-q | --quiet", "results only: no headers, no messages, no blank lines"},
    {"-r | --readonly", "allow no changes"},
    {"-t | --timing", "say how long each command took"},
    {"-v", "the version, short"},
    {"-V", "the version, long"},
    {"     --version[=TYPE]", "the version; TYPE is short or long (short unless given)"},
};

}  // namespace

std::string command_help(const Command& command) {
    const bool named_argv = has_bare_option(command);
    std::string out = fmt::format("  NAME\n    {} - {}\n\n  SYNOPSIS\n    {}", command.name,
                                  command.info, command.name);
    std::string options;
    for (const Option& option : command.options) {
        if (option.type == OptionType::alias) continue;
        out += ' ' + synopsis(option, named_argv);
        options += fmt::format("    {:<15}  {}\n", option_label(option, named_argv), option.help);
    }
    out += '\n';
    if (!command.description.empty()) {
        out += "\n  DESCRIPTION\n    ";
        for (const char c : command.description) {
            out += c;
            if (c == '\n') out += "    ";
        }
        out += '\n';
    }
    if (!options.empty()) out += "\n  OPTIONS\n" + options;
    return out + '\n';
}

std::string group_help(const Group& group, std::string_view closing) {
    std::string out =
        fmt::format(" {} (help keyword '{}'){}\n", group.title, group.keyword, closing);
    for (const Command& command : group.commands) {
        if (command.has(kHidden)) continue;
        out += fmt::format("    {:<30} {}\n", command.name, command.info);
    }
    return out;
}

std::string all_help(std::span<const Group> groups) {
    std::string out = "Grouped commands:\n\n";
    for (const Group& group : groups) out += group_help(group) + '\n';
    return out;
}

std::string program_help(std::span<const Group> groups, std::string_view program) {
    std::string out = fmt::format(
        "\n{0} [options]... [<command_string>]\n{0} [options]... <command> [args...]\n\n"
        "  options:\n",
        program);
    constexpr std::size_t kColumn = 24;
    for (const ProgramOption& option : kProgramOptions)
        if (option.label.size() < kColumn)
            out += fmt::format("    {:<{}}{}\n", option.label, kColumn, option.help);
        else
            out += fmt::format("    {}\n    {:<{}}{}\n", option.label, "", kColumn, option.help);
    out += "  commands (non interactive mode):\n\n";
    for (const Group& group : groups) out += group_help(group, "") + '\n';
    out += "\n  (specify help <group> for details about the commands in the group)\n";
    return out + "\n  (specify help <command> for details about the command)\n\n";
}

}  // namespace lxvirt::shell
