// The copying of bytes between a terminal and a console, without terminal settings or the driver,
// so that a test drives it over socket pairs.
#pragma once

#include <functional>

#include "base/fd.hh"

namespace lxvirt::shell {

enum class RelayEnd { escaped, console_closed, input_closed, signalled };

struct Relay {
    base::Fd input;    // keys
    base::Fd output;   // screen
    base::Fd console;  // both ways; non-blocking
    base::Fd signals;  // a signalfd(2), or invalid
    char escape = 0x1d;
    std::function<void()> resized;  // SIGWINCH came
};

// Returns when one side ends, the escape byte is typed, or a signal other than SIGWINCH came (its
// number is put into `signal`). What the console sent before its end is on the output. Throws
// base::SystemError.
[[nodiscard]] RelayEnd run_relay(const Relay& relay, int& signal);

}  // namespace lxvirt::shell
