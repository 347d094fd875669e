// One run of the shell: the options, the connection and the output. main.cc makes the only Session.
// The connection is opened by the first command that needs it, so that `help` works without
// privilege.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/fd.hh"
#include "driver/connection.hh"
#include "shell/core/command.hh"
#include "shell/core/lexer.hh"
#include "shell/core/options.hh"

namespace lxvirt::shell {

// Runs commands and prints what they throw. The destructor closes the connection. A failed write to
// the log file ends the logging, not the shell.
class Session {
  public:
    // Opens the log file of -l; prints an error and goes on without it if that fails.
    explicit Session(ProgramOptions options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] const ProgramOptions& options() const { return options_; }
    // Says whether the shell reads lines, typed or piped. An interactive shell goes on after a
    // failed connection and runs kInterruptible commands in child processes.
    [[nodiscard]] bool interactive() const { return interactive_; }
    void set_interactive(bool on) { interactive_ = on; }
    // Says whether `quit` or `exit` has run.
    [[nodiscard]] bool wants_to_leave() const { return leave_; }
    void leave() { leave_ = true; }

    // Returns the connection, and opens it first if needed. The session owns it; the reference is
    // valid until connect(). Throws Failure: "failed to connect to the hypervisor", the reason, and
    // the sudo command to type if root is needed.
    driver::Connection& connection();
    // Returns the connection if there is one, else a read-only one that suffices for conversions,
    // which need no privilege and read no state. Throws base::Exception.
    driver::Connection& any_connection();
    // Opens the connection if needed. Returns false if that failed, after printing why.
    bool try_connection();
    // Replaces the connection, for the command `connect`. Throws Failure, and the old connection
    // then stays.
    void connect(const std::string& uri, bool read_only);
    [[nodiscard]] bool read_only() const { return options_.read_only; }

    // Runs the commands of a line, or one command given as words. Returns whether the last command
    // succeeded; each failure has been printed. A line that does not parse runs nothing. In a line
    // that is an argument of the program, a failed connection skips the remaining commands.
    bool run_line(std::string_view line);
    bool run_words(const std::vector<std::string>& words);
    // Returns the status with which the program exits: 0, 1, or what the last command passed to
    // fail_with(). As in virsh, the last command of a line decides, and not the first that failed.
    [[nodiscard]] int exit_status() const { return good_ ? 0 : failure_status_; }
    // Sets the exit status of a command that fails with a status of its own, and returns false, so
    // that the command can say `return session.fail_with(status)`.
    bool fail_with(int status) {
        failure_status_ = status;
        return false;
    }

    // Writes to stdout. print() is for a result, print_extra() for what -q suppresses: messages of
    // success, and the blank line after each command.
    void print(std::string_view text);
    // Writes what is for people alone, such as a diff: a control character is \xNN also where stdout
    // is no terminal. Messages, errors and warnings are written so, too.
    void print_shown(std::string_view text);
    void print_extra(std::string_view text);
    template <typename... Args>
    void print_format(fmt::format_string<Args...> format, Args&&... args) {
        print(fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void print_extra_format(fmt::format_string<Args...> format, Args&&... args) {
        print_extra(fmt::format(format, std::forward<Args>(args)...));
    }
    // Writes "error: LINE" or "warning: LINE" to stderr and to the log file, after flushing stdout
    // so that the two streams stay in order on a terminal.
    void error(std::string_view line);
    void warn(std::string_view line);
    // Writes a report to stderr, beside the result on stdout. The log file does not get
    // it.
    void print_report(std::string_view text);
    // Writes a line to stdout and the log file if -d asks for this level. virsh's debug messages go
    // to stdout, too.
    void debug(Level level, std::string_view line);

    // Returns whether stdout is to have colours.
    [[nodiscard]] bool colors() const;

    // Tells completers the line that is being typed, as long as it lives.
    class UnfinishedLine {
      public:
        // Borrows both.
        UnfinishedLine(Session& session, const std::optional<Invocation>& line)
            : session_(session) {
            session.unfinished_line_ = line ? &*line : nullptr;
        }
        ~UnfinishedLine() { session_.unfinished_line_ = nullptr; }
        UnfinishedLine(const UnfinishedLine&) = delete;
        UnfinishedLine& operator=(const UnfinishedLine&) = delete;

      private:
        Session& session_;
    };
    // The words of the line that is being completed, but the last; null at all other times.
    [[nodiscard]] const Invocation* unfinished_line() const { return unfinished_line_; }

  private:
    [[nodiscard]] bool colors_on(int fd) const;
    [[nodiscard]] std::string label(std::string_view word, terminal::Paint paint) const;
    const Invocation* unfinished_line_ = nullptr;
    // Parses and runs what `tokens` returns. `tokens` may throw Failure, which is printed like one
    // of the parser.
    bool run_tokens(const std::function<std::vector<Token>()>& tokens);
    bool run_all(const std::vector<Invocation>& invocations);
    // Runs one command, and prints what follows it: the time that it took, or a blank line.
    bool run(const Invocation& invocation);
    // Runs one command in a forked child process and waits for it.
    bool run_in_child(const Invocation& invocation);
    // Runs one command in this process; prints what it throws and returns false.
    bool run_here(const Invocation& invocation);
    void log(Level level, std::string_view line);
    // Returns a new connection. Throws Failure as connection() does.
    std::unique_ptr<driver::Connection> open(const std::string& uri, bool read_only);

    ProgramOptions options_;
    std::unique_ptr<driver::Connection> connection_;
    std::unique_ptr<driver::Connection> unprivileged_;  // made by any_connection()
    base::UniqueFd log_;
    bool interactive_ = false;
    bool leave_ = false;
    bool good_ = true;  // whether the last command succeeded
    int failure_status_ = 1;
    // Set by connection() for run_all(), which skips the rest of the line in a shell that is not
    // interactive.
    bool connecting_failed_ = false;
};

}  // namespace lxvirt::shell
