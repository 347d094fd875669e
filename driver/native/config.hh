// Reads a configuration of lxc-tools from its files: lxc.container.conf(5) of every generation,
// with everything that it includes, as a flat list of lines. The verdict on each line, from a
// conversion in either direction, is defined here, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/native_types.hh"

namespace lxvirt::driver::native {

// One "KEY = VALUE" of a configuration.
struct Line {
    std::string file;
    int line = 0;
    std::string key;        // as written: "lxc.utsname"
    std::string value;      // without blanks around it, and without one pair of quotes
    std::size_t order = 0;  // counts the lines in the order in which they were read
    std::string name;       // the key's name in lxc 3 and later, without "lxc.": "uts.name"
};

struct Config {
    std::vector<Line> lines;
    std::vector<Entry> problems;  // lines that are malformed, and includes that cannot be read
};

// Bounds on what is read: levels of includes, bytes of all files together, keys, and bytes of one
// value.
inline constexpr int kMaxInclude = 32;
inline constexpr std::size_t kMaxConfig = 32U << 20;
inline constexpr std::size_t kMaxLines = 5000;
inline constexpr std::size_t kMaxValue = 64U << 10;

// Returns the text of a file that a configuration names. Throws SystemError, also for anything but
// a regular file: reading a FIFO would block.
[[nodiscard]] std::string read_named_file(const std::string& path);
// Reads the configuration `path`. Includes are followed where they stand: a file, or the files
// "*.conf" of a folder by name; a relative path is looked for in the working folder, then beside
// the including file. A file that includes itself, or that cannot be read, becomes a problem and is
// not followed. Throws SystemError where `path` itself cannot be read, Error(config_unsupported)
// where there are more than kMaxLines keys.
[[nodiscard]] Config read_config(const std::string& path);

// Returns the name that lxc 3 and later have for a key, without "lxc.". The legacy keys of the
// network keep their names, since they belong to the last NIC that was opened and not to a number.
[[nodiscard]] std::string modern_name(std::string_view key);
// Says whether a line is a mount entry with the option "ro".
[[nodiscard]] bool is_readonly_mount(const Line& line);
// Says whether a text is UTF-8 without control characters, which XML and a line of a configuration
// can hold.
[[nodiscard]] bool is_text(std::string_view text);

}  // namespace lxvirt::driver::native
