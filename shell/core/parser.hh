// Makes commands with options out of words, by the tables in command.hh. A whole line is parsed
// before any of it runs, as in virsh: a mistake in the last command keeps the first one from
// running, too.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "shell/core/command.hh"
#include "shell/core/lexer.hh"

namespace lxvirt::shell {

// Returns the commands of a line in order; they refer to the tables in `groups`. Throws Failure in
// virsh's words: unknown command, unexpected data, option not supported, syntax expected, option
// already seen, option required.
[[nodiscard]] std::vector<Invocation> parse(std::span<const Group> groups,
                                            const std::vector<Token>& tokens);

// Returns the option to which the next bare word goes: the first one in the table that takes a
// value and has none yet, where an argv option is never full. Returns null if there is no such
// option.
[[nodiscard]] const Option* next_data_option(const Invocation& invocation);

// Returns the option that `--word` names, with aliases followed, or null. An alias of the form
// "name=value" also sets `value`; otherwise `value` stays as it is.
[[nodiscard]] const Option* resolve_option(const Command& command, std::string_view word,
                                           std::string& value);

// Says whether a word follows the option; false for booleans, and for aliases, which stand for
// another option.
[[nodiscard]] bool takes_value(const Option& option);

}  // namespace lxvirt::shell
