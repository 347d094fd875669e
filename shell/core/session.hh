// One run of the shell: the options, the connection (made when the first command needs it), and the
// only place where commands are run and their failures printed. main.cc makes one.
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

class Session {
  public:
    explicit Session(ProgramOptions options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] const ProgramOptions& options() const { return options_; }
    [[nodiscard]] bool interactive() const { return interactive_; }
    void set_interactive(bool on) { interactive_ = on; }
    [[nodiscard]] bool wants_to_leave() const { return leave_; }
    void leave() { leave_ = true; }

    // Connects where needed. Throws Failure: "failed to connect to the hypervisor" and why.
    driver::Connection& connection();
    // Returns the connection, or one for conversions only, which needs no privilege and reads no state, if
    // none can be made.
    driver::Connection& any_connection();
    // The same, saying why it failed; false then.
    bool try_connection();
    // Replaces the connection (the `connect` command); the old one stays when it fails.
    void connect(const std::string& uri, bool read_only);
    [[nodiscard]] bool read_only() const { return options_.read_only; }

    // Runs a line (quotes, `;` ...), or words as they are. True when the last command succeeded. A
    // line that does not parse runs nothing.
    bool run_line(std::string_view line);
    bool run_words(const std::vector<std::string>& words);
    // What the program exits with: 0, 1, or what the last command said of its failure.
    [[nodiscard]] int exit_status() const { return good_ ? 0 : failure_status_; }
    // For a command whose failure has a status of its own: `return session.fail_with(status)`.
    bool fail_with(int status) {
        failure_status_ = status;
        return false;
    }

    // Print to stdout: print() a result, print_extra() what goes beside it, which -q suppresses.
    void print(std::string_view text);
    void print_extra(std::string_view text);
    template <typename... Args>
    void print_format(fmt::format_string<Args...> format, Args&&... args) {
        print(fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void print_extra_format(fmt::format_string<Args...> format, Args&&... args) {
        print_extra(fmt::format(format, std::forward<Args>(args)...));
    }
    // To stderr: "error: LINE", "warning: LINE".
    void error(std::string_view line);
    void warn(std::string_view line);
    // Prints to stderr as it is: a report that goes beside a result on stdout.
    void print_report(std::string_view text);
    // To stdout, where -d asks for that level.
    void debug(Level level, std::string_view line);

  private:
    bool run_tokens(const std::function<std::vector<Token>()>& tokens);
    bool run_all(const std::vector<Invocation>& invocations);
    bool run(const Invocation& invocation);
    bool run_in_child(const Invocation& invocation);
    bool run_here(const Invocation& invocation);
    void log(Level level, std::string_view line);
    std::unique_ptr<driver::Connection> open(const std::string& uri, bool read_only);

    ProgramOptions options_;
    std::unique_ptr<driver::Connection> connection_;
    std::unique_ptr<driver::Connection> unprivileged_;  // any_connection()'s
    base::UniqueFd log_;
    bool interactive_ = false;
    bool leave_ = false;
    bool good_ = true;  // the last command's outcome
    int failure_status_ = 1;
    bool connecting_failed_ = false;
};

}  // namespace lxvirt::shell
