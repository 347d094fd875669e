// The copying of bytes between a terminal and a console, without terminal settings or the driver,
// so that a test drives it over socket pairs.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/fd.hh"

namespace lxvirt::terminal {

enum class RelayEnd { escaped, console_closed, input_closed, signalled, done };

struct Relay {
    base::Fd input;    // keys
    base::Fd output;   // screen
    base::Fd console;  // both ways; non-blocking
    base::Fd signals;  // a signalfd(2), or invalid
    std::optional<char> escape = 0x1d;
    std::function<void()> resized;  // SIGWINCH came
    // --- of a program that is waited for. Any of the descriptors above may be invalid then.
    base::Fd done;                       // readable once it has ended; nothing else ends it then
    std::function<void(int)> passed_on;  // takes the other signals, which then end nothing
    std::string end_of_input;            // sent instead of ending where there is no more input
};

// Returns when one side ends, the escape byte is typed, or a signal other than SIGWINCH came (its
// number is put into `signal`). What the console sent before its end is on the output. Throws
// base::SystemError.
[[nodiscard]] RelayEnd run_relay(const Relay& relay, int& signal);

// After RelayEnd::done: what the console still sends is put on the output, until its end or until
// nothing comes for some moments, as where others still have it open.
void drain_console(const Relay& relay);

}  // namespace lxvirt::terminal
