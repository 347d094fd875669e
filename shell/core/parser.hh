// From words to commands with their options, by the table in command.hh. Everything is parsed
// before anything runs: a mistake in the last command of a line stops the first one too, as in
// virsh.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "shell/core/command.hh"
#include "shell/core/lexer.hh"

namespace lxvirt::shell {

// Throws Failure with virsh's words: unknown command, unexpected data, option not supported, syntax
// expected, option already seen, option required.
[[nodiscard]] std::vector<Invocation> parse(std::span<const Group> groups,
                                            const std::vector<Token>& tokens);

// The option that the next bare word goes to: the first one that takes a value and has none yet
// (argv options take any number). Null where a bare word is one too many.
[[nodiscard]] const Option* next_data_option(const Invocation& invocation);

// The option that `--word` names, aliases resolved. `value` gets what an alias of the form
// "name=value" implies. Null where there is none.
[[nodiscard]] const Option* resolve_option(const Command& command, std::string_view word,
                                           std::string& value);

[[nodiscard]] bool takes_value(const Option& option);

}  // namespace lxvirt::shell
