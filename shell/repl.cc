#include "shell/repl.hh"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/error.hh"
#include "shell/core/session.hh"
#include "shell/prompt.hh"

namespace lxvirt::shell {

namespace {

// Returns virsh's prompt: the program's name, then '#', or '>' on a read-only connection.
std::string prompt_of(const Session& session) {
    return fmt::format("{} {} ", session.options().program, session.read_only() ? '>' : '#');
}

// Prints the greeting, which has virsh's layout.
void greet(Session& session) {
    session.print_extra_format(
        "This is {0}, the shell for lxvirt's containers.\n\n"
        "Type:  'help' to see the commands\n"
        "       'quit' to leave\n\n",
        session.options().program);
}

// Returns the next line of standard input, or nullopt at its end. Prints the prompt and the line,
// as if somebody had typed the line.
std::optional<std::string> next_piped_line(Session& session) {
    session.print(prompt_of(session));
    (void)std::fflush(stdout);
    char* line = nullptr;
    std::size_t capacity = 0;
    const ssize_t length = getline(&line, &capacity, stdin);
    std::optional<std::string> text;
    if (length >= 0) {
        text.emplace(line, static_cast<std::size_t>(length));
        if (!text->empty() && text->back() == '\n') text->pop_back();
        session.print_format("{}\n", *text);
    }
    std::free(line);
    return text;
}

}  // namespace

int run_interactive(Session& session) {
    const bool terminal = isatty(STDIN_FILENO) != 0;
    // As virsh, the shell ends at once if it cannot connect. Later, `connect` may fail harmlessly.
    if (!session.try_connection()) return 1;
    session.set_interactive(true);
    greet(session);
    std::optional<Prompt> prompt;
    if (terminal) prompt.emplace(session);
    bool good = true;
    while (!session.wants_to_leave()) {
        const std::optional<std::string> line =
            prompt ? prompt->read(prompt_of(session)) : next_piped_line(session);
        if (!line) break;
        // A blank line runs nothing and does not change the status of the last command.
        if (line->find_first_not_of(" \t") != std::string::npos) good = session.run_line(*line);
        (void)std::fflush(stdout);
    }
    session.print("\n");
    return good || session.options().as_virsh() ? 0 : 1;
}

}  // namespace lxvirt::shell
