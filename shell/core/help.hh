// The help texts, made from the table of commands in virsh's layout. Pure text; `help`, `CMD
// --help` and `lxsh --help` print it.
#pragma once

#include <span>
#include <string>

#include "shell/core/command.hh"

namespace lxvirt::shell {

[[nodiscard]] std::string command_help(const Command& command);
// One group: `help host`. `closing` follows the bracket of its title line, ":" in `help`.
[[nodiscard]] std::string group_help(const Group& group, std::string_view closing = ":");
// `help` without an argument.
[[nodiscard]] std::string all_help(std::span<const Group> groups);
// `lxsh --help`; `program` is the name it was called by.
[[nodiscard]] std::string program_help(std::span<const Group> groups, std::string_view program);

}  // namespace lxvirt::shell
