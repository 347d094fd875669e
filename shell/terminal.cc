#include "shell/terminal.hh"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.hh"

namespace lxvirt::shell {

RawTerminal::RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &former_) != 0) base::fail_errno("read the terminal's settings");
    termios raw = former_;
    cfmakeraw(&raw);
    // What was typed already is kept.
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) base::fail_errno("make the terminal raw");
}

RawTerminal::~RawTerminal() {
    // Nothing better can be done where it fails: the terminal has gone.
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &former_);
}

std::optional<WindowSize> window_size() {
    winsize size{};
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return std::nullopt;
    return WindowSize{size.ws_row, size.ws_col};
}

std::optional<char> read_key() {
    constexpr char kInterrupt = 0x03, kEndOfInput = 0x04;
    const RawTerminal raw;
    for (;;) {
        char key = 0;
        const ssize_t count = read(STDIN_FILENO, &key, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || key == kInterrupt || key == kEndOfInput) return std::nullopt;
        return key;
    }
}

}  // namespace lxvirt::shell
