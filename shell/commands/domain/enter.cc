// lxc-enter-namespace.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/process/process.hh"
#include "base/process/pty.hh"
#include "driver/program.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/session.hh"
#include "terminal/relay.hh"
#include "terminal/terminal.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kEnterOptions[] = {
    domain_option(complete_running),
    {"noseclabel", OptionType::boolean, "without the security label that the domain names"},
    {"cmd", OptionType::argv, "the program and its arguments", nullptr, true},
};

// What of the shell's own descriptors is a terminal: the program gets another one in its place.
struct Terminals {
    bool is[3] = {isatty(0) != 0, isatty(1) != 0, isatty(2) != 0};

    [[nodiscard]] bool any() const { return is[0] || is[1] || is[2]; }
    // Both ways: the program's terminal does all that the shell's own did. Otherwise who reads or
    // writes the rest of the line (`lxsh ... | less`) finds that one as it was.
    [[nodiscard]] bool whole() const { return is[0] && is[1]; }
    [[nodiscard]] int output() const { return is[1] ? 1 : is[2] ? 2 : 0; }
};

driver::EnterRequest request_of(const Invocation& invocation, const Terminals& terminals) {
    driver::EnterRequest request;
    request.argv = invocation.all("cmd");
    request.security_label = !invocation.has("noseclabel");
    if (const char* term = std::getenv("TERM")) request.term = term;
    for (int fd = 0; fd <= 2; ++fd)
        if (!terminals.is[fd]) request.standard[static_cast<std::size_t>(fd)] = base::Fd(fd);
    if (!terminals.any()) return request;
    request.plain = !terminals.whole();
    if (const auto size = terminal::window_size(terminals.output())) {
        request.rows = size->rows;
        request.columns = size->columns;
    }
    return request;
}

// Ours while the program runs: the signals that would end the shell go to it, and where its
// terminal is in the place of ours this one is raw.
struct Taken {
    std::optional<terminal::TakenSignals> signals;
    std::optional<terminal::RawTerminal> raw;

    void take(const Terminals& terminals) {
        signals.emplace();
        if (terminals.whole()) raw.emplace();
    }
};

// Until the program's end; its terminal is shown on ours.
void attend(driver::EnteredProgram& program, const Terminals& terminals, base::Fd signals) {
    constexpr std::string_view kEndOfInput = "\x04";
    terminal::Relay relay;
    relay.signals = signals;
    relay.done = program.ended();
    relay.passed_on = [&](int signal) { program.send_signal(signal); };
    relay.escape.reset();
    if (terminals.any()) {
        relay.console = program.terminal();
        relay.output = base::Fd(terminals.output());
        relay.resized = [&] {
            const auto size = terminal::window_size(terminals.output());
            if (size) base::set_window_size(program.terminal(), size->rows, size->columns);
        };
    }
    if (terminals.is[0]) {
        relay.input = base::Fd(STDIN_FILENO);
        relay.end_of_input = kEndOfInput;
    }
    int signal = 0;
    (void)terminal::run_relay(relay, signal);
    program.let_terminal_end();
    terminal::drain_console(relay);
}

driver::ProgramEnd run_program(Session& session, const driver::DomainRef& domain,
                               const Invocation& invocation) {
    const Terminals terminals;
    driver::EnterRequest request = request_of(invocation, terminals);
    Taken taken;
    request.before_run = [&] { taken.take(terminals); };
    const std::unique_ptr<driver::EnteredProgram> program =
        session.connection().enter(domain, request);
    attend(*program, terminals, taken.signals->fd());
    return program->wait();
}

// The status is the program's, as a shell would give it.
bool enter_namespace(Session& session, const Invocation& invocation) {
    constexpr int kSignalled = 128;
    const driver::DomainRef domain = find_domain(session, invocation);
    (void)std::fflush(stdout);
    (void)std::fflush(stderr);
    const driver::ProgramEnd end = run_program(session, domain, invocation);
    if (!end.failure.empty()) session.error(end.failure);
    if (end.signal == 0) return end.status == 0 || session.fail_with(end.status);
    // Whoever pressed Ctrl-C knows.
    if (end.signal != SIGINT && end.signal != SIGPIPE)
        session.error(fmt::format("'{}' in domain '{}' was killed by signal {} ({})",
                                  invocation.all("cmd").front(), domain.name, end.signal,
                                  base::signal_name(end.signal)));
    return session.fail_with(kSignalled + end.signal);
}

constexpr Command kCommands[] = {
    {"lxc-enter-namespace", "run a program in a running container",
     "Run a program in the namespaces and control groups of a running\n"
     "container, as its root, with the capabilities, limits, filter of\n"
     "system calls and environment that its init has. It is looked up\n"
     "in the container. Put -- before it where it has options. Its exit\n"
     "status is this command's; 128 and the signal's number where one\n"
     "ended it, 127 where it is not there, 126 where it cannot be executed.",
     kEnterOptions, enter_namespace, kInterruptible},
};

}  // namespace

std::span<const Command> enter_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
