// Pseudo-terminals (pty(7)) of the host's devpts and of a detached instance made for a container.
#pragma once

#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

struct Pty {
    UniqueFd master;      // non-blocking
    unsigned number = 0;  // N of /dev/pts/N in its instance
};

// A new pair in the devpts mounted at (or detached in) `devpts`; unlocked.
[[nodiscard]] Pty open_pty(Fd devpts, const std::string& name);

// The other end, by TIOCGPTPEER: no path is looked up. Never becomes the controlling terminal.
[[nodiscard]] UniqueFd open_slave(Fd master);

// Raw mode: bytes pass unchanged and are not echoed.
void make_raw(Fd terminal);

void set_window_size(Fd terminal, unsigned rows, unsigned columns);

}  // namespace lxvirt::base
