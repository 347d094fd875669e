// The prompt on a terminal: readline with history and completion. No other file calls readline.
#pragma once

#include <optional>
#include <string>

namespace lxvirt::shell {

class Session;

// Reads lines from the terminal. At most one Prompt may exist at a time, because readline keeps its
// state in globals of the process. The constructor reads the history file, and each line is
// appended to it at once; a failure of either is a warning and never ends the shell.
class Prompt {
  public:
    // Borrows `session`, which must outlive the prompt: completion asks it for a connection.
    explicit Prompt(Session& session);
    ~Prompt();
    Prompt(const Prompt&) = delete;
    Prompt& operator=(const Prompt&) = delete;

    // Returns a line without its newline, or nullopt at the end of the input. Ctrl-C drops what was
    // typed and returns an empty line.
    [[nodiscard]] std::optional<std::string> read(const std::string& prompt);

  private:
    void load_history();
    void keep_line();
    void shorten_history();
    Session& session_;
    std::string history_file_;  // empty: the history is not kept
    int history_lines_ = 0;
};

// Returns the history's path, $XDG_CACHE_HOME/lxvirt/lxsh_history or ~/.cache/lxvirt/lxsh_history.
// The path is empty if neither variable holds an absolute path; the history is then not kept.
[[nodiscard]] std::string history_path();

}  // namespace lxvirt::shell
