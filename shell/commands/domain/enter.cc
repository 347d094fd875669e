// lxc-enter-namespace: runs a program in a container. virsh gives the program its own terminal and
// environment; lxvirt gives it the init's environment and a terminal of the container, which this
// file connects with the shell's. Otherwise the program could push input into the caller's terminal
// (TIOCSTI).
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

// Says which of the standard descriptors are terminals. The program gets a terminal of the
// container in the place of each, and inherits the others (pipes, files) as they are.
struct Terminals {
    bool is[3] = {isatty(0) != 0, isatty(1) != 0, isatty(2) != 0};

    [[nodiscard]] bool any() const { return is[0] || is[1] || is[2]; }
    // Says whether both input and output are a terminal. Only then is the caller's terminal made
    // raw: in `lxsh ... | less` another program uses the same terminal and needs its usual
    // settings.
    [[nodiscard]] bool whole() const { return is[0] && is[1]; }
    // Returns the descriptor on which the program's terminal is shown.
    [[nodiscard]] int output() const { return is[1] ? 1 : is[2] ? 2 : 0; }
};

// Returns what the driver is asked to run. The descriptors in it are borrowed.
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

// Holds the signals, which go to the program instead of ending the shell, and the terminal in raw
// mode if the program's terminal does all that the caller's did.
struct Taken {
    std::optional<terminal::TakenSignals> signals;
    std::optional<terminal::RawTerminal> raw;

    // Called when all was checked and the program is about to run, so that an error before that is
    // printed on a terminal with its usual settings.
    void take(const Terminals& terminals) {
        signals.emplace();
        if (terminals.whole()) raw.emplace();
    }
};

// Copies between the caller's terminal and the program's, and passes signals on, until the program
// ends. Then prints what it had written last.
void attend(driver::EnteredProgram& program, const Terminals& terminals, base::Fd signals) {
    // Ctrl-D: at the end of the input the program's terminal reports an end of file.
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

// Runs the program and returns how it ended. Throws what the driver throws if it could not be run.
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

// Returns the program's status as this command's, and 128 and the signal's number if a signal ended
// the program, as sh(1) does. virsh itself always exits with 0 or 1 here.
bool enter_namespace(Session& session, const Invocation& invocation) {
    constexpr int kSignalled = 128;
    const driver::DomainRef domain = find_domain(session, invocation);
    // The program writes to the descriptors directly, so buffered text must go out before.
    (void)std::fflush(stdout);
    (void)std::fflush(stderr);
    const driver::ProgramEnd end = run_program(session, domain, invocation);
    if (!end.failure.empty()) session.error(end.failure);
    if (end.signal == 0) return end.status == 0 || session.fail_with(end.status);
    // The user who pressed Ctrl-C, or closed the pipe, needs no message.
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
