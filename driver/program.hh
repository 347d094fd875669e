// A program that runs in a container and was started from outside: what the caller asks for, and
// how the caller waits for the program. Connection::enter() returns one.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::driver {

// What a caller of Connection::enter() asks for.
struct EnterRequest {
    std::vector<std::string> argv;  // argv[0] is looked up in the container
    bool security_label = true;     // give the program the init's label
    std::string term;               // the value of TERM; empty keeps the init's
    // Standard input, output and errors of the program. A descriptor that is not valid stands for a
    // new terminal of the container, which the caller relays: the caller's own terminal would let
    // the program push input into it (TIOCSTI).
    std::array<base::Fd, 3> standard;
    unsigned rows = 0, columns = 0;  // the new terminal's size; 0 leaves the kernel's
    // The new terminal neither echoes nor rewrites line ends, for a caller whose own terminal does.
    bool plain = false;
    // Called when everything was checked and the program is about to be run; may be empty.
    std::function<void()> before_run;
};

// How a program ended.
struct ProgramEnd {
    int status = 0;       // its exit status; 126 or 127 if it could not be executed
    int signal = 0;       // the signal that ended it, or 0
    std::string failure;  // says why it could not be executed; empty if it was
};

// A program that runs in a container. Destroying this object kills the program; wait() is the other
// way to end with it.
class EnteredProgram {
  public:
    EnteredProgram() = default;
    EnteredProgram(const EnteredProgram&) = delete;
    EnteredProgram& operator=(const EnteredProgram&) = delete;
    virtual ~EnteredProgram() = default;

    // Returns a descriptor that is readable once the program has ended.
    [[nodiscard]] virtual base::Fd ended() const = 0;
    // Returns the master of the new terminal, non-blocking; not valid if no terminal was asked for.
    // The terminal stays open until the program ends, even if all processes inside close it, unless
    // one of them hangs it up.
    [[nodiscard]] virtual base::Fd terminal() const = 0;
    // Lets the terminal end as soon as no process inside has it open any more.
    virtual void let_terminal_end() = 0;
    // Sends a signal to the program and the other processes of its process group.
    virtual void send_signal(int number) const = 0;
    // Waits for the program's end. Throws base::Exception if lxc_enter was killed.
    [[nodiscard]] virtual ProgramEnd wait() = 0;
};

}  // namespace lxvirt::driver
