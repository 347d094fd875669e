#include "shell/commands/console.hh"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

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

// Connects standard input and output with the console until one side ends. Returns how the relay ended,
// and the signal that ended it, or 0. The objects restore the terminal and the signals in the reverse
// order. Where standard input is no terminal, no byte of it means anything, and its end is passed on.
std::pair<terminal::RelayEnd, int> relay_terminal(const driver::ConsoleStream& stream,
                                                  char escape) {
    int signal = 0;
    const terminal::TakenSignals signals;
    std::optional<terminal::RawTerminal> raw;
    if (has_terminal()) raw.emplace();
    const auto resize = [&stream] {
        if (const auto size = terminal::window_size()) stream.resize(size->rows, size->columns);
    };
    resize();
    terminal::Relay relay;
    relay.input = base::Fd(STDIN_FILENO);
    relay.output = base::Fd(STDOUT_FILENO);
    relay.console = stream.stream;
    relay.signals = signals.fd();
    if (raw)
        relay.escape = escape;
    else
        relay.escape.reset();
    if (!raw) relay.end_of_input = "\x04";  // Ctrl-D: the console then reports an end of file
    relay.resized = resize;
    const terminal::RelayEnd reason = terminal::run_relay(relay, signal);
    return {reason, signal};
}

}  // namespace

bool has_terminal() {
    return isatty(STDIN_FILENO) != 0;
}

namespace {

// Prints virsh's lines about the connection.
void announce(Session& session, const driver::DomainRef& domain) {
    const std::string& escape = session.options().escape;
    session.print_extra_format("Connected to domain '{}'\nEscape character is {}", domain.name,
                               escape);
    if (escape[0] == '^') session.print_extra_format(" (Ctrl + {})", escape[1]);
    session.print_extra("\n");
    // The relay writes to the descriptor directly, so buffered text must go out before.
    (void)std::fflush(stdout);
}

}  // namespace

bool attend_console(Session& session, const driver::DomainRef& domain,
                    const driver::ConsoleStream& console) {
    constexpr int kSignalled = 128;
    if (has_terminal()) announce(session, domain);
    (void)std::fflush(stdout);
    write_pipe_errors_instead();
    const auto [reason, signal] = relay_terminal(console, escape_byte(session.options().escape));
    if (signal != 0) (void)raise(signal);
    if (reason != terminal::RelayEnd::console_closed) return true;
    const auto end = console.end();
    if (!end) return true;
    if (end->signal != 0) return session.fail_with(kSignalled + end->signal);
    return end->status == 0 || session.fail_with(end->status);
}

bool open_console(Session& session, const driver::DomainRef& domain, const std::string& device,
                  driver::ConsoleFlags flags) {
    // After start --console the id in `domain` is still -1, so the driver is asked for the state.
    const driver::DomainState state = session.connection().status(domain).state;
    if (state == driver::DomainState::shutoff) give_up("The domain is not running");
    if (!has_terminal()) give_up("Cannot run interactive console without a controlling TTY");
    announce(session, domain);
    const driver::ConsoleStream stream = session.connection().open_console(domain, device, flags);
    write_pipe_errors_instead();
    const int signal = relay_terminal(stream, escape_byte(session.options().escape)).second;
    // The terminal has its settings back, so the signal may now end the shell.
    if (signal != 0) (void)raise(signal);
    return true;
}

}  // namespace lxvirt::shell
