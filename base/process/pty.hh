// Pseudo-terminals (pty(7)) of the host's devpts, and of a detached devpts instance made for one
// container. All functions throw SystemError.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// A new pseudo-terminal, seen from its master.
struct Pty {
    UniqueFd master;      // non-blocking
    unsigned number = 0;  // N of /dev/pts/N in its devpts instance
};

// Opens a pseudo-terminal of the devpts whose root is `devpts`, mounted or detached, and unlocks
// its slave. `name` is for error messages.
[[nodiscard]] Pty open_pty(Fd devpts, const std::string& name);

// Opens the slave of `master` by TIOCGPTPEER (ioctl_tty(2)), which looks up no path, so that a
// container cannot redirect it. The slave does not become the controlling terminal.
[[nodiscard]] UniqueFd open_slave(Fd master);

// Gives the slave of `master` an owner and the mode 0620, through open_slave(). Throws SystemError.
void own_slave(Fd master, uid_t uid, gid_t gid);

// Sets raw mode (cfmakeraw(3)): bytes pass unchanged and are not echoed.
void make_raw(Fd terminal);

// Sets the size in characters; the foreground process group gets SIGWINCH.
void set_window_size(Fd terminal, unsigned rows, unsigned columns);

}  // namespace lxvirt::base
