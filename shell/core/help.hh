// The help texts, made from the tables of commands in virsh's layout. The functions return text and
// print nothing; `help`, `COMMAND --help` and `lxsh --help` print it.
#pragma once

#include <span>
#include <string>

#include "shell/core/command.hh"

namespace lxvirt::shell {

// Returns what `help COMMAND` prints: NAME, SYNOPSIS, DESCRIPTION and OPTIONS.
[[nodiscard]] std::string command_help(const Command& command);
// Returns what `help GROUP` prints. `closing` ends the title line: `help` has a colon there, and
// `lxsh --help` has nothing.
[[nodiscard]] std::string group_help(const Group& group, std::string_view closing = ":");
// Returns what `help` prints without an argument.
[[nodiscard]] std::string all_help(std::span<const Group> groups);
// Returns what `lxsh --help` prints. `program` is the name by which the program was called.
[[nodiscard]] std::string program_help(std::span<const Group> groups, std::string_view program);

}  // namespace lxvirt::shell
