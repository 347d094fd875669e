// The options of the program itself, from its arguments and its environment. Letters, long names,
// variables and error messages are virsh's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "terminal/color.hh"

namespace lxvirt::shell {

// The levels of messages, with virsh's names and numbers (VSH_ERR_*). A message is printed if its
// level is at least that of -d.
enum class Level : int { debug = 0, info = 1, notice = 2, warning = 3, error = 4 };

// Says which version text was asked for: none, -v, or -V.
enum class VersionText { none, short_, long_ };

// What main() passes to Session.
struct ProgramOptions {
    // The name by which the program was called. A link named "virsh" turns on exact imitation: the
    // status of piped input is 0, and nothing is printed that virsh would not print.
    std::string program = "lxsh";
    std::string uri;  // the driver takes its default if this is empty
    std::string escape = "^]";
    std::string log_file;
    Level level = Level::error;
    terminal::ColorMode color = terminal::ColorMode::automatic;
    bool quiet = false;
    bool read_only = false;
    bool timing = false;
    bool help = false;
    VersionText version = VersionText::none;
    // The words after the options: none, one line, or a command and its arguments.
    std::vector<std::string> words;

    [[nodiscard]] bool as_virsh() const { return program == "virsh"; }
};

// Returns the value of an environment variable, or nullopt if it is unset.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// The result of parse_program_options().
struct ParsedOptions {
    ProgramOptions options;
    // Lines for stderr that do not end the program, such as a debug level out of range.
    std::vector<std::string> warnings;
};

// Returns what the arguments and the environment ask for; an argument wins over a variable. The
// first argument is the program's name. Throws Failure in virsh's words. `environment` is getenv(3)
// in the program and a map in tests. The function is not reentrant, because getopt_long(3) is not.
[[nodiscard]] ParsedOptions parse_program_options(const std::vector<std::string>& arguments,
                                                  const Environment& environment);

// Returns the byte that an escape text of -e stands for: 0x1d for "^]", and 'x' for "x". Throws
// Failure for any other text.
[[nodiscard]] char escape_byte(const std::string& text);

}  // namespace lxvirt::shell
