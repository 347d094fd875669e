#include "base/process/pty.hh"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

Pty open_pty(Fd devpts, const std::string& name) {
    Pty pty;
    // O_NOCTTY keeps the terminal from becoming this process's own. TIOCSPTLCK unlocks the slave,
    // and TIOCGPTN returns its number, the name in the devpts.
    pty.master = openat_quietly(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (!pty.master) fail_errno("open a pseudo-terminal of {}", name);
    const int unlock = 0;
    if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlock) != 0 ||
        ::ioctl(pty.master.get(), TIOCGPTN, &pty.number) != 0)
        fail_errno("unlock a pseudo-terminal of {}", name);
    return pty;
}

UniqueFd open_slave(Fd master) {
    // TIOCGPTPEER opens the slave without a path (ioctl_tty(2)), so nothing in the container's /dev
    // can be in the way.
    UniqueFd slave(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!slave) fail_errno("open the other end of a pseudo-terminal");
    return slave;
}

void own_slave(Fd master, uid_t uid, gid_t gid) {
    const UniqueFd slave = open_slave(master);
    if (::fchown(slave.get(), uid, gid) != 0 || ::fchmod(slave.get(), 0620) != 0)
        fail_errno("give the other end of a pseudo-terminal its owner");
}

void make_raw(Fd terminal) {
    termios mode{};
    if (::tcgetattr(terminal.get(), &mode) != 0) fail_errno("read the terminal's mode");
    ::cfmakeraw(&mode);
    if (::tcsetattr(terminal.get(), TCSANOW, &mode) != 0) fail_errno("set the terminal's mode");
}

void set_window_size(Fd terminal, unsigned rows, unsigned columns) {
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    if (::ioctl(terminal.get(), TIOCSWINSZ, &size) != 0) fail_errno("set the window size");
}

}  // namespace lxvirt::base
