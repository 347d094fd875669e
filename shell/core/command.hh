// What a command of the shell is, as data. Each command stands once, in the table of its group (the
// *_commands.cc files), and that one entry serves the parser, the help texts, completion and the
// tests. Names, options and their kinds are virsh's (virsh 9.0.0 `help COMMAND`); the sentences are
// ours.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::shell {

class Session;
class Invocation;

enum class OptionType {
    boolean,  // --all
    string,   // --mode WORD, also taken from a bare word
    integer,  // --timeout NUMBER, likewise
    data,     // a bare word first of all: <domain>
    argv,     // all remaining bare words
    alias,    // another spelling of Option::help, "name" or "name=value"; not shown
};

// Candidates for an option's value; `session` may be asked for a connection. What does not start
// with the word typed is removed by the caller.
using Completer = std::vector<std::string> (*)(Session& session);

struct Option {
    std::string_view name;
    OptionType type = OptionType::boolean;
    std::string_view help;
    Completer completer = nullptr;
    bool required = false;
    bool empty_ok = false;  // '' is a value
};

enum CommandFlag : unsigned {
    kNoConnection = 1U << 0,  // runs without a hypervisor connection
    kHidden = 1U << 1,        // not in help and completion
    kLeavesShell = 1U << 2,   // exit, quit: no blank line follows
    // May block in the kernel or on a lock: interactively it runs in a child process, so that
    // Ctrl-C ends it and not the shell.
    kInterruptible = 1U << 3,
};

struct Command {
    std::string_view name;
    std::string_view info;         // one line for the list
    std::string_view description;  // for `help NAME`; may be empty
    std::span<const Option> options;
    // False is failure; what went wrong has been printed, or needs no words. Throws Failure or
    // base::Exception otherwise.
    bool (*run)(Session& session, const Invocation& invocation) = nullptr;
    unsigned flags = 0;

    [[nodiscard]] bool has(CommandFlag flag) const { return (flags & flag) != 0; }
    // By its exact name; null where there is none. Aliases are returned as themselves.
    [[nodiscard]] const Option* find_option(std::string_view option) const;
};

struct Group {
    std::string_view title;    // "Domain Management"
    std::string_view keyword;  // "domain"
    std::span<const Command> commands;
};

// Every group, in the order of `help` (registry.cc).
[[nodiscard]] std::span<const Group> groups();
[[nodiscard]] const Command* find_command(std::span<const Group> groups, std::string_view name);
[[nodiscard]] const Group* find_group(std::span<const Group> groups, std::string_view keyword);

// One command with its options, as parsed. Values are looked up by the option's name.
class Invocation {
  public:
    struct Value {
        const Option* option;
        std::string text;
    };

    explicit Invocation(const Command& command) : command_(&command) {}
    void add(const Option& option, std::string text);

    [[nodiscard]] const Command& command() const { return *command_; }
    [[nodiscard]] const std::vector<Value>& values() const { return values_; }
    [[nodiscard]] bool help() const { return help_; }
    void ask_help() { help_ = true; }

    [[nodiscard]] bool has(std::string_view option) const { return find(option) != nullptr; }
    // The value, or "" where the option was not given. Throws Failure for an empty value that the
    // option does not allow.
    [[nodiscard]] std::string text(std::string_view option) const;
    // A whole number of `minimum` or more, or `fallback`. Throws Failure for anything else.
    [[nodiscard]] std::int64_t number(std::string_view option, std::int64_t fallback,
                                      std::int64_t minimum) const;
    // Every value of an argv option, in order.
    [[nodiscard]] std::vector<std::string> all(std::string_view option) const;
    // Throws Failure when both options were given.
    void exclusive(std::string_view one, std::string_view other) const;

  private:
    [[nodiscard]] const Value* find(std::string_view option) const;
    const Command* command_;
    std::vector<Value> values_;
    bool help_ = false;
};

}  // namespace lxvirt::shell
