#include "shell/commands/console.hh"

#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/fd.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/relay.hh"
#include "terminal/terminal.hh"

namespace lxvirt::shell {

namespace {

// Ignores SIGPIPE: a console that closes during a write is the end of the connection, reported by
// write(2), and no reason to kill the shell.
void write_pipe_errors_instead() {
    (void)std::signal(SIGPIPE, SIG_IGN);
}

// Connects the terminal with the console until one side ends. Returns the signal that ended the
// relay, or 0. The objects restore the terminal and the signals in the reverse order.
int relay_terminal(const driver::ConsoleStream& stream, char escape) {
    int signal = 0;
    const terminal::TakenSignals signals;
    const terminal::RawTerminal raw;
    const auto resize = [&stream] {
        if (const auto size = terminal::window_size()) stream.resize(size->rows, size->columns);
    };
    resize();
    terminal::Relay relay;
    relay.input = base::Fd(STDIN_FILENO);
    relay.output = base::Fd(STDOUT_FILENO);
    relay.console = stream.stream;
    relay.signals = signals.fd();
    relay.escape = escape;
    relay.resized = resize;
    (void)terminal::run_relay(relay, signal);
    return signal;
}

}  // namespace

bool open_console(Session& session, const driver::DomainRef& domain, const std::string& device,
                  driver::ConsoleFlags flags) {
    // After start --console the id in `domain` is still -1, so the driver is asked for the state.
    const driver::DomainState state = session.connection().status(domain).state;
    if (state == driver::DomainState::shutoff) give_up("The domain is not running");
    if (isatty(STDIN_FILENO) == 0)
        give_up("Cannot run interactive console without a controlling TTY");
    const std::string& escape = session.options().escape;
    session.print_extra_format("Connected to domain '{}'\nEscape character is {}", domain.name,
                               escape);
    if (escape[0] == '^') session.print_extra_format(" (Ctrl + {})", escape[1]);
    session.print_extra("\n");
    // The relay writes to the descriptor directly, so buffered text must go out before.
    (void)std::fflush(stdout);
    const driver::ConsoleStream stream = session.connection().open_console(domain, device, flags);
    write_pipe_errors_instead();
    const int signal = relay_terminal(stream, escape_byte(escape));
    // The terminal has its settings back, so the signal may now end the shell.
    if (signal != 0) (void)raise(signal);
    return true;
}

}  // namespace lxvirt::shell
