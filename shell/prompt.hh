// The prompt on a terminal: readline with history and completion. The only file that knows
// readline.
#pragma once

#include <optional>
#include <string>

namespace lxvirt::shell {

class Session;

// One at a time; readline's state is the process's. Reads the history file when made and writes it
// when it ends; a history that cannot be kept costs a warning, no more.
class Prompt {
  public:
    explicit Prompt(Session& session);
    ~Prompt();
    Prompt(const Prompt&) = delete;
    Prompt& operator=(const Prompt&) = delete;

    // A line without its newline; nothing at the end of input. Ctrl-C empties the line.
    [[nodiscard]] std::optional<std::string> read(const std::string& prompt);

  private:
    void load_history();
    void save_history();
    Session& session_;
    std::string history_file_;
};

// $XDG_CACHE_HOME/lxvirt/lxsh_history, else below ~/.cache; empty where neither is known.
[[nodiscard]] std::string history_path();

}  // namespace lxvirt::shell
