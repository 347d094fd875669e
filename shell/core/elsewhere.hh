// What lxsh says of a command that it does not have: why it lacks a command of virsh and what does
// that job, or which command the user may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/core/command.hh"

namespace lxvirt::shell {

// Commands of virsh that lxsh lacks for one reason. docs/compatibility.md has them all.
struct LackingCommands {
    std::string_view names;    // separated by blanks
    std::string_view because;  // why there is none, as the end of a sentence
    std::string_view instead;  // what does the job; empty where nothing does
    bool planned = false;
};
[[nodiscard]] std::span<const LackingCommands> lacking_commands();

// Returns the lines of the error for an unknown command: virsh's own, and then what lxsh knows of it.
[[nodiscard]] std::vector<std::string> unknown_command_lines(std::span<const Group> groups,
                                                             std::string_view name);

}  // namespace lxvirt::shell
