// A program that runs in a container and was started from outside: what is asked for, and how it is
// waited for. Connection::enter() returns one.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::driver {

struct EnterRequest {
    std::vector<std::string> argv;  // argv[0] is looked up in the container
    bool security_label = true;
    std::string term;  // what TERM is to be; empty: as the init has it
    // Its standard input, output and errors. Those that are not valid are a new terminal of the
    // container's, which the caller relays: its own would be the program's to push input into.
    std::array<base::Fd, 3> standard;
    // Of that terminal. `plain`: it neither echoes nor rewrites line ends, for a caller whose own
    // terminal does that.
    unsigned rows = 0, columns = 0;
    bool plain = false;
    // Called when all is found right and the program is about to be run; may be empty.
    std::function<void()> before_run;
};

// How it ended.
struct ProgramEnd {
    int status = 0;       // the exit status; of a program that could not be executed 126 or 127
    int signal = 0;       // that ended it, or 0
    std::string failure;  // why it could not be executed; empty where it was
};

// A program that runs. It ends with this object, by SIGKILL; wait() is the other way.
class EnteredProgram {
  public:
    EnteredProgram(base::UniqueFd channel, base::UniqueFd process, base::UniqueFd image,
                   base::UniqueFd terminal, base::UniqueFd other_end)
        : channel_(std::move(channel)),
          process_(std::move(process)),
          image_(std::move(image)),
          terminal_(std::move(terminal)),
          other_end_(std::move(other_end)) {}

    EnteredProgram(EnteredProgram&&) = default;
    EnteredProgram& operator=(EnteredProgram&&) = delete;
    ~EnteredProgram();

    // Readable once it has ended.
    [[nodiscard]] base::Fd ended() const { return channel_; }
    // The master of the new terminal, non-blocking; not valid where none was asked for. It has no
    // end before the program's, whatever that closes, unless it hangs it up.
    [[nodiscard]] base::Fd terminal() const { return terminal_; }
    // From now on the terminal ends when nothing inside has it open any more.
    void let_terminal_end() { other_end_.reset(); }
    // To the program and what else is in its process group.
    void send_signal(int number) const;
    // Waits for its end. Throws base::Exception where lxc_enter was killed.
    [[nodiscard]] ProgramEnd wait();

  private:
    base::UniqueFd channel_, process_, image_, terminal_, other_end_;
};

}  // namespace lxvirt::driver
