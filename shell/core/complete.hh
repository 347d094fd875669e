// What the last, unfinished word of a line can become: commands, options, values by the option's
// completer. Readline (repl.cc) and the hidden `complete` command, which bash calls, both ask here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "shell/core/command.hh"

namespace lxvirt::shell {

class Session;

// What the last of `words` is: the first word of a command, an option, or a value.
struct CompletionPlace {
    enum class Kind { command, option, value, nothing };
    Kind kind = Kind::nothing;
    const Command* command = nullptr;
    const Option* option = nullptr;  // for values; null where none is expected
    std::vector<const Option*> unused;
    // The option's value is a file name, which readline and bash complete better themselves.
    bool file = false;
};

// `words` are those of one command, the last one unfinished (possibly empty). Never throws.
[[nodiscard]] CompletionPlace completion_place(std::span<const Group> groups,
                                               std::span<const std::string> words);

// Candidates that begin with the last word, in the table's order. For an empty word after a
// command: values where the next option has a completer, else options. A failing completer gives
// none.
[[nodiscard]] std::vector<std::string> complete_words(Session& session,
                                                      std::span<const Group> groups,
                                                      std::span<const std::string> words);

// Files are completed by readline and bash themselves; this marks the option and gives nothing.
[[nodiscard]] std::vector<std::string> complete_files(Session& session);

}  // namespace lxvirt::shell
