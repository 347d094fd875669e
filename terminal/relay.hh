// Copies bytes between a terminal and a console. The code has no terminal settings and no driver in
// it, so a test drives it over socket pairs.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/fd.hh"

namespace lxvirt::terminal {

// Says why the relay ended: the escape key, the end of the console or of the input, a signal, or
// the end of the program in `done`.
enum class RelayEnd { escaped, console_closed, input_closed, signalled, done };

// Describes the two sides; all descriptors are borrowed.
struct Relay {
    base::Fd input;                     // keys that are typed
    base::Fd output;                    // the screen
    base::Fd console;                   // both directions; must be non-blocking
    base::Fd signals;                   // a signalfd(2), or invalid
    std::optional<char> escape = 0x1d;  // the byte that ends the relay: Ctrl-]
    std::function<void()> resized;      // called at SIGWINCH
    // --- for a program whose end is waited for; any descriptor above may be invalid then
    base::Fd done;  // readable once the program has ended; nothing else ends the relay then
    // The function is called with each other signal, which then does not end the relay.
    std::function<void(int)> passed_on;
    // The text is sent to the console at the end of the input, which then does not end the relay.
    std::string end_of_input;
};

// Copies until one side ends, the escape byte is typed, or a signal other than SIGWINCH comes,
// whose number is stored in `signal`. Whatever the console sent before its end has been written to
// the output. Throws SystemError.
[[nodiscard]] RelayEnd run_relay(const Relay& relay, int& signal);

// Called after RelayEnd::done: writes to the output what the console still sends, until its end, or
// until nothing has come for 50 milliseconds, since other processes may keep it open.
void drain_console(const Relay& relay);

}  // namespace lxvirt::terminal
