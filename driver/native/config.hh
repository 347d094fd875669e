// A configuration of lxc-tools as it stands in its files: lxc.container.conf(5) of every
// generation, with what it includes, as a flat list of lines; and the account of what became of
// each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::driver::native {

struct Line {
    std::string file;
    int line = 0;
    std::string key;        // as it stands: "lxc.utsname"
    std::string value;      // without blanks around and one pair of quotes
    std::size_t order = 0;  // in which the lines were read
    std::string name;       // the key as lxc 3 and later call it, without "lxc.": "uts.name"
};

enum class Verdict {
    exact,           // means in the domain what it means to lxc
    kept,            // stands in <lx:container>
    approximated,    // means nearly the same; the text says how it differs
    not_translated,  // the text says why
};
[[nodiscard]] std::string_view name_of(Verdict verdict);  // "not translated"

struct Entry {
    std::string file;
    int line = 0;  // 0: about the whole file
    std::string key;
    Verdict verdict = Verdict::exact;
    std::string text;
    std::size_t order = 0;                      // that of its line
    [[nodiscard]] std::string message() const;  // "FILE:LINE: KEY: VERDICT: TEXT"
};

struct Verdicts {
    std::vector<Entry> entries;  // one per configuration line, in order
    [[nodiscard]] std::size_t count(Verdict verdict) const;
    // "12 lines: 9 exact, 1 kept, 1 approximated, 1 not translated"
    [[nodiscard]] std::string summary() const;
    [[nodiscard]] std::string json() const;  // for programs; ends with a newline
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
