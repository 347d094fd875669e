// The options of the program itself, from its arguments and its environment, as virsh has them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lxvirt::shell {

// virsh's VSH_ERR_*: a message is shown where its level is at least the one asked for.
enum class Level : int { debug = 0, info = 1, notice = 2, warning = 3, error = 4 };

enum class VersionText { none, short_, long_ };

struct ProgramOptions {
    // What the user called: "lxsh", or "virsh" through a link, which turns on exact imitation:
    // piped input exits 0, and nothing is said that virsh has no words for.
    std::string program = "lxsh";
    std::string uri;  // empty: the driver's default
    std::string escape = "^]";
    std::string log_file;
    Level level = Level::error;
    bool quiet = false;
    bool read_only = false;
    bool timing = false;
    bool help = false;
    VersionText version = VersionText::none;
    std::vector<std::string>
        words;  // what is left: nothing, one line, or a command and its arguments

    [[nodiscard]] bool as_virsh() const { return program == "virsh"; }
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

struct ParsedOptions {
    ProgramOptions options;
    // Said on stderr, without ending the program.
    std::vector<std::string> warnings;
};

// Throws Failure. `environment` is std::getenv in a program and a map in a test.
[[nodiscard]] ParsedOptions parse_program_options(const std::vector<std::string>& arguments,
                                                  const Environment& environment);

// The byte that an escape text stands for: "^]" is 0x1d, "x" itself. Throws Failure for others.
[[nodiscard]] char escape_byte(const std::string& text);

}  // namespace lxvirt::shell
