// Completion of the last, unfinished word of a line: commands, options, and values by the option's
// completer. Readline (prompt.cc) and the hidden command `complete`, which bash calls, both use it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shell/core/command.hh"
#include "shell/core/parser.hh"

namespace lxvirt::shell {

class Session;

// Says what the last word of a line is: the name of a command, an option, or a value.
struct CompletionPlace {
    enum class Kind { command, option, value, nothing };
    Kind kind = Kind::nothing;
    const Command* command = nullptr;
    const Option* option = nullptr;  // the option of a value; null if no value is expected
    // The options that may still be given; an argv option stays in the list.
    std::vector<const Option*> unused;
    // What the words before say, for completers that depend on it.
    std::optional<Invocation> before;
    // Says that the value is a file name, which readline and bash complete better themselves.
    bool file = false;
};

// Returns the place of the last of `words`, which are those of one command; the last one is
// unfinished and may be empty. Never throws: words that the parser would refuse are skipped.
[[nodiscard]] CompletionPlace completion_place(std::span<const Group> groups,
                                               std::span<const std::string> words);

// Returns the candidates that begin with the last word, in the order of the tables. For an empty
// word after a command these are the values of the next option if it has a completer, else the
// names of options. A completer that throws gives no candidates.
[[nodiscard]] std::vector<std::string> complete_words(Session& session,
                                                      std::span<const Group> groups,
                                                      std::span<const std::string> words);

// A word as an argument of a template.
struct CandidateWord {
    char text[24]{};
    template <std::size_t size>
    consteval CandidateWord(const char (&word)[size]) {  // NOLINT(google-explicit-constructor)
        std::copy_n(word, size, text);
    }
};
// The completer of options whose value is one of these words.
template <CandidateWord... words>
[[nodiscard]] std::vector<std::string> complete_from(Session&) {
    return {std::string(words.text)...};
}

// The completer of options whose value is a file. Returns nothing: the function only marks the
// option, and readline and bash complete the file name.
[[nodiscard]] std::vector<std::string> complete_files(Session& session);

}  // namespace lxvirt::shell
