// What a command of the shell is, as data. Each command stands once, in the table of the file that
// implements it (shell/commands), and that entry serves the parser, the help texts, completion and
// the tests. Names, options and their types are virsh's (virsh 9.0.0, `help COMMAND`); the help
// sentences are lxvirt's own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::shell {

class Session;
class Invocation;

// Says how an option is given on the command line and how virsh's help shows it. As in virsh,
// options of all types but boolean and alias also take a bare word, in the order of the table.
enum class OptionType {
    boolean,  // --all
    string,   // --mode WORD, or a bare word
    integer,  // --timeout NUMBER, or a bare word
    data,     // usually given as a bare word: <domain>
    argv,     // takes all remaining bare words
    alias,    // another spelling of Option::help, "name" or "name=value"; not shown
};

// Returns candidates for an option's value. May open the session's connection and may throw; the
// caller then offers nothing. The caller also drops the candidates that do not begin with what was
// typed.
using Completer = std::vector<std::string> (*)(Session& session);

// One option of a command. The strings are literals in the tables of the commands.
struct Option {
    std::string_view name;
    OptionType type = OptionType::boolean;
    std::string_view help;
    Completer completer = nullptr;
    bool required = false;
    bool empty_ok = false;  // '' is a valid value; otherwise Invocation::text() refuses it
};

// Says how Session runs and lists a command.
enum CommandFlag : unsigned {
    kNoConnection = 1U << 0,  // runs without a hypervisor connection
    kHidden = 1U << 1,        // is left out of help and completion
    kLeavesShell = 1U << 2,   // exit, quit: no blank line follows
    // The command may block in the kernel or on a lock. The interactive shell runs it in a child
    // process, so that Ctrl-C ends the command and not the shell.
    kInterruptible = 1U << 3,
};

// One entry of a table: what a command is called, what it accepts and which function runs it.
struct Command {
    std::string_view name;
    std::string_view info;         // one line for the list
    std::string_view description;  // for `help NAME`; may be empty
    std::span<const Option> options;
    // Returns true for success. False means a failure that has been printed, or that needs no
    // words. Throws Failure or base::Exception for a failure that Session is to print.
    bool (*run)(Session& session, const Invocation& invocation) = nullptr;
    unsigned flags = 0;

    [[nodiscard]] bool has(CommandFlag flag) const { return (flags & flag) != 0; }
    // Returns the option of exactly this name, or null. An alias is returned as the alias itself;
    // parser.hh's resolve_option() follows it.
    [[nodiscard]] const Option* find_option(std::string_view option) const;
};

// A chapter of `help`. The commands are borrowed from the tables, which exist for the whole run.
struct Group {
    std::string_view title;    // "Domain Management"
    std::string_view keyword;  // "domain"
    std::span<const Command> commands;
};

// Returns every group, in the order in which `help` prints them (registry.cc).
[[nodiscard]] std::span<const Group> groups();
// Returns the command of this name, hidden ones included, or null.
[[nodiscard]] const Command* find_command(std::span<const Group> groups, std::string_view name);
// Returns the group with this keyword or title, or null.
[[nodiscard]] const Group* find_group(std::span<const Group> groups, std::string_view keyword);

// One command with the options it was given, as the parser made it. Commands look values up by the
// option's name; asking for a name that is not in the command's table finds nothing, so one
// function can serve several commands.
class Invocation {
  public:
    // An option that was given, and its text, which is empty for a boolean.
    struct Value {
        const Option* option;
        std::string text;
    };

    explicit Invocation(const Command& command) : command_(&command) {}
    void add(const Option& option, std::string text);

    [[nodiscard]] const Command& command() const { return *command_; }
    [[nodiscard]] const std::vector<Value>& values() const { return values_; }
    // Says whether --help was among the words; the command is then explained and not run.
    [[nodiscard]] bool help() const { return help_; }
    void ask_help() { help_ = true; }

    [[nodiscard]] bool has(std::string_view option) const { return find(option) != nullptr; }
    // Returns the value, or "" if the option was not given. Throws Failure if the value is empty
    // and the option does not allow that.
    [[nodiscard]] std::string text(std::string_view option) const;
    // Returns the value as a whole number, or `fallback` if the option was not given. Throws
    // Failure, in virsh's words, if the value is no number or less than `minimum`.
    [[nodiscard]] std::int64_t number(std::string_view option, std::int64_t fallback,
                                      std::int64_t minimum) const;
    // Returns every value of an argv option, in the order of the line.
    [[nodiscard]] std::vector<std::string> all(std::string_view option) const;
    // Throws Failure, in virsh's words, if both options were given.
    void exclusive(std::string_view one, std::string_view other) const;

  private:
    [[nodiscard]] const Value* find(std::string_view option) const;
    const Command* command_;
    std::vector<Value> values_;
    bool help_ = false;
};

}  // namespace lxvirt::shell
