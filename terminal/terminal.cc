#include "terminal/terminal.hh"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.hh"

namespace lxvirt::terminal {

RawTerminal::RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &former_) != 0) base::fail_errno("read the terminal's settings");
    termios raw = former_;
    cfmakeraw(&raw);
    // TCSADRAIN keeps what was typed before.
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) base::fail_errno("make the terminal raw");
}

RawTerminal::~RawTerminal() {
    // If this fails, the terminal has gone, and nothing better can be done.
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &former_);
}

TakenSignals::TakenSignals() {
    sigset_t set;
    sigemptyset(&set);
    // Only these signals are taken; all others act as usual.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&set, signal);
    if (sigprocmask(SIG_BLOCK, &set, &former_) != 0) base::fail_errno("block signals");
    fd_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) {
        (void)sigprocmask(SIG_SETMASK, &former_, nullptr);
        base::fail_errno("take signals as a descriptor");
    }
}

TakenSignals::~TakenSignals() {
    (void)sigprocmask(SIG_SETMASK, &former_, nullptr);
}

std::optional<WindowSize> window_size(int terminal) {
    winsize size{};
    // A terminal that does not know its size, such as a serial line, says 0.
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return std::nullopt;
    return WindowSize{size.ws_row, size.ws_col};
}

std::optional<char> read_key() {
    constexpr char kInterrupt = 0x03, kEndOfInput = 0x04;
    const RawTerminal raw;
    for (;;) {
        char key = 0;
        const ssize_t count = read(STDIN_FILENO, &key, 1);
        // A signal that is caught interrupts the read.
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || key == kInterrupt || key == kEndOfInput) return std::nullopt;
        return key;
    }
}

}  // namespace lxvirt::terminal
