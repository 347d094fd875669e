// A configuration of lxc-tools as it stands in its files: lxc.container.conf(5) of every
// generation, with what it includes, as a flat list of lines; and the account of what became of
// each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/native_types.hh"

namespace lxvirt::driver::native {

struct Line {
    std::string file;
    int line = 0;
    std::string key;        // as it stands: "lxc.utsname"
    std::string value;      // without blanks around and one pair of quotes
    std::size_t order = 0;  // in which the lines were read
    std::string name;       // the key as lxc 3 and later call it, without "lxc.": "uts.name"
};

struct Config {
    std::vector<Line> lines;
    std::vector<Entry> problems;  // lines that are none, includes that could not be read
};

// Includes are followed where they stand: a file, or a folder's "*.conf" by name; a relative one
// from the working folder, then from the including file's. At most kMaxInclude levels,
// kMaxConfig bytes and kMaxLines keys in all, kMaxValue bytes each; a file that includes itself, or
// is no file (a fifo would hold us up), is told, not followed. Throws SystemError where `path`
// itself cannot be read, Error where there are too many keys.
inline constexpr int kMaxInclude = 32;
inline constexpr std::size_t kMaxConfig = 32U << 20;
inline constexpr std::size_t kMaxLines = 5000;
inline constexpr std::size_t kMaxValue = 64U << 10;

// The text of a file that a configuration names. Throws SystemError, also where it is no file.
[[nodiscard]] std::string read_named_file(const std::string& path);
[[nodiscard]] Config read_config(const std::string& path);

// The key as lxc 3 and later call it, without "lxc.". Legacy network keys keep their name: their
// NIC is the last one opened.
[[nodiscard]] std::string modern_name(std::string_view key);
// UTF-8 without control characters: what XML and a line of a configuration can hold.
[[nodiscard]] bool is_text(std::string_view text);

}  // namespace lxvirt::driver::native
