#include "shell/core/session.hh"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "base/file/file.hh"
#include "base/text/text.hh"
#include "shell/core/failure.hh"
#include "shell/core/help.hh"
#include "shell/core/parser.hh"
#include "shell/core/quoting.hh"
#include "terminal/interrupt.hh"

namespace lxvirt::shell {

namespace {

// Returns the words quoted for sh(1), so that the user can paste the line.
std::string pasteable(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += ' ';
        out += quote_for_shell(word);
    }
    return out;
}

// Returns virsh's name of an option's type, which its debug messages show.
std::string_view type_word(OptionType type) {
    switch (type) {
        case OptionType::boolean: return "bool";
        case OptionType::string: return "string";
        case OptionType::integer: return "int";
        case OptionType::data: return "optdata";
        case OptionType::argv: return "argv";
        case OptionType::alias: break;
    }
    return "alias";
}

}  // namespace

Session::Session(ProgramOptions options) : options_(std::move(options)) {
    if (options_.log_file.empty()) return;
    try {
        log_ = base::open_regular(options_.log_file, O_WRONLY | O_APPEND | O_CREAT,
                                  base::Links::refuse);
    } catch (const base::Exception& failure) {
        error(failure.message());
    }
}

Session::~Session() = default;

void Session::print(std::string_view text) {
    // A document goes into a file or pipe as it is, but a terminal must not obey what is in it.
    static const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    const std::string safe = terminal ? base::shown_lines(text) : std::string();
    if (terminal) text = safe;
    (void)std::fwrite(text.data(), 1, text.size(), stdout);  // main() checks stdout at the end
}

void Session::print_shown(std::string_view text) {
    print(base::shown_lines(text));
}

void Session::print_extra(std::string_view text) {
    if (!options_.quiet) print_shown(text);
}

// virsh has no colours.
bool Session::colors_on(int fd) const {
    const bool unasked = options_.color == terminal::ColorMode::automatic && options_.as_virsh();
    return !unasked && terminal::wants_colors(options_.color, fd);
}

bool Session::colors() const {
    return colors_on(STDOUT_FILENO);
}

// Returns the first word of a line on stderr.
std::string Session::label(std::string_view word, terminal::Paint paint) const {
    return terminal::painted(word, colors_on(STDERR_FILENO) ? paint : terminal::Paint::plain);
}

void Session::error(std::string_view line) {
    log(Level::error, line);
    (void)std::fflush(stdout);
    const std::string text =
        fmt::format("{} {}\n", label("error:", terminal::Paint::bad), base::shown_lines(line));
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

void Session::warn(std::string_view line) {
    log(Level::warning, line);
    (void)std::fflush(stdout);
    const std::string text = fmt::format("{} {}\n", label("warning:", terminal::Paint::waiting),
                                         base::shown_lines(line));
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

void Session::print_report(std::string_view text) {
    (void)std::fflush(stdout);
    const std::string safe = base::shown_lines(text);
    (void)std::fwrite(safe.data(), 1, safe.size(), stderr);
}

void Session::debug(Level level, std::string_view line) {
    if (level < options_.level) return;
    log(level, line);
    print_shown(fmt::format("{}\n", line));
}

// Appends a line to the log file in virsh's format: [time program pid] LEVEL text.
void Session::log(Level level, std::string_view line) {
    if (!log_ || level < options_.level) return;
    constexpr std::string_view kNames[] = {"DEBUG", "INFO", "NOTICE", "WARNING", "ERROR"};
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    (void)localtime_r(&now, &local);
    char stamp[32];
    (void)std::strftime(stamp, sizeof stamp, "%Y.%m.%d %H:%M:%S", &local);
    const std::string text =
        fmt::format("[{} {} {}] {} {}\n", stamp, options_.program, getpid(),
                    kNames[static_cast<std::size_t>(level)], base::shown_lines(line));
    try {
        base::write_all(log_, text, options_.log_file);
    } catch (const base::Exception& failure) {
        // The log is closed first, because error() would come back here.
        log_.reset();
        error(failure.message());
    }
}

std::unique_ptr<driver::Connection> Session::open(const std::string& uri, bool read_only) {
    try {
        return driver::open_connection(uri, read_only);
    } catch (const base::Exception& failure) {
        std::vector<std::string> lines{"failed to connect to the hypervisor", failure.message()};
        // The hint is for a call from another shell; at lxsh's own prompt there is no line to
        // repeat.
        if (failure.code() == base::ErrorCode::operation_denied && geteuid() != 0 &&
            !interactive_) {
            std::string again = fmt::format("sudo {}", options_.program);
            // sudo drops the environment, so the URI is named also where it comes from there.
            const std::string used = options_.uri.empty() ? driver::default_uri() : options_.uri;
            if (used != "lxc:///") again += fmt::format(" -c {}", pasteable({used}));
            if (!options_.words.empty()) again += ' ' + pasteable(options_.words);
            lines.push_back(fmt::format("type: {}", again));
        }
        throw Failure(std::move(lines));
    }
}

driver::Connection& Session::connection() {
    if (!connection_) {
        connecting_failed_ = true;
        connection_ = open(options_.uri, options_.read_only);
        connecting_failed_ = false;
    }
    return *connection_;
}

driver::Connection& Session::any_connection() {
    if (connection_) return *connection_;
    if (!unprivileged_) {
        try {
            unprivileged_ = driver::open_connection(options_.uri, true);
        } catch (const base::Exception&) {
            unprivileged_ = driver::open_connection("lxc:///", true);
        }
    }
    return *unprivileged_;
}

bool Session::try_connection() {
    try {
        (void)connection();
        return true;
    } catch (const Failure& failure) {
        for (const std::string& line : failure.lines()) error(line);
        return false;
    }
}

void Session::connect(const std::string& uri, bool read_only) {
    connection_ = open(uri, read_only);
    options_.uri = uri;
    options_.read_only = read_only;
}

bool Session::run_line(std::string_view line) {
    debug(Level::info, fmt::format("commands: \"{}\"", line));
    return run_tokens([line] { return split_line(line); });
}

bool Session::run_words(const std::vector<std::string>& words) {
    return run_tokens([&words] { return tokens_of(words); });
}

bool Session::run_tokens(const std::function<std::vector<Token>()>& tokens) {
    try {
        return run_all(parse(groups(), tokens()));
    } catch (const Failure& failure) {
        for (const std::string& text : failure.lines()) error(text);
        failure_status_ = 1;
        return good_ = false;
    }
}

bool Session::run_all(const std::vector<Invocation>& invocations) {
    // With -d, virsh prints the options of the whole line before it runs the first command.
    for (const Invocation& invocation : invocations) {
        for (const Invocation::Value& value : invocation.values()) {
            debug(Level::info, fmt::format("{}: {}({}): {}", invocation.command().name,
                                           value.option->name, type_word(value.option->type),
                                           takes_value(*value.option) ? value.text : "(none)"));
        }
    }
    for (const Invocation& invocation : invocations) {
        good_ = run(invocation);
        if (leave_ || (connecting_failed_ && !interactive_)) break;
    }
    return good_;
}

bool Session::run(const Invocation& invocation) {
    const Command& command = invocation.command();
    failure_status_ = 1;
    const auto before = std::chrono::steady_clock::now();
    connecting_failed_ = false;
    // With --autodestroy the container ends when the connection that started it is closed, so that
    // connection must be the shell's and not one of a child process.
    const bool in_child = interactive_ && command.has(kInterruptible) && !invocation.help() &&
                          !invocation.has("autodestroy");
    const bool good = in_child ? run_in_child(invocation) : run_here(invocation);
    // As in virsh, nothing follows the error when the first command cannot connect.
    if (connecting_failed_ && !interactive_) return false;
    if (command.has(kLeavesShell) && !invocation.help()) return good;
    if (options_.timing) {
        const std::chrono::duration<double, std::milli> passed =
            std::chrono::steady_clock::now() - before;
        print_format("\n(Time: {:.3f} ms)\n\n", passed.count());
    } else {
        print_extra("\n");
    }
    return good;
}

bool Session::run_here(const Invocation& invocation) {
    const Command& command = invocation.command();
    try {
        if (invocation.help()) {
            print(command_help(command));
            return true;
        }
        if (!command.has(kNoConnection)) (void)connection();
        return command.run(*this, invocation);
    } catch (const Failure& failure) {
        for (const std::string& line : failure.lines()) error(line);
    } catch (const base::Exception& failure) {
        error(failure.message());
    }
    return false;
}

// Ctrl-C ends the child wherever it waits. That loses nothing, because the driver keeps no state in
// the process; what the child had half made is undone by the container's helper or by the next
// command.
bool Session::run_in_child(const Invocation& invocation) {
    (void)std::fflush(stdout);
    (void)std::fflush(stderr);
    const terminal::InterruptGuard parent_goes_on;
    const pid_t child = fork();
    if (child < 0) {
        error(fmt::format("cannot run '{}': fork: {}", invocation.command().name,
                          base::errno_text(errno)));
        return false;
    }
    if (child == 0) {
        (void)std::signal(SIGINT, SIG_DFL);
        const bool good = run_here(invocation);
        (void)std::fflush(stdout);
        (void)std::fflush(stderr);
        _exit(good ? 0 : failure_status_);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno == EINTR) continue;
        error(fmt::format("cannot wait for '{}': {}", invocation.command().name,
                          base::errno_text(errno)));
        return false;
    }
    if (WIFSIGNALED(status)) {
        print("\n");
        error(fmt::format("'{}' was interrupted", invocation.command().name));
    }
    if (WIFEXITED(status)) failure_status_ = WEXITSTATUS(status);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace lxvirt::shell
