// The values of conversions between domain XML and the configurations of other programs, of which
// there is one: "lxc-tools" (lxc.container.conf(5)). docs/reference/native-config.md lists the
// keys.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::driver {

namespace native {

// Says what became of a line of a configuration.
enum class Verdict {
    exact,           // means the same in the domain as to lxc
    kept,            // is stored in <lx:container>
    approximated,    // means nearly the same; the text says how it differs
    not_translated,  // has no effect; the text says why
};
// Returns the verdict in words: "not translated".
[[nodiscard]] std::string_view name_of(Verdict verdict);

// The verdict on one line of a configuration, or on one element of a domain.
struct Entry {
    std::string file;
    int line = 0;     // 0: about the whole file
    std::string key;  // as written; empty where the line has none
    Verdict verdict = Verdict::exact;
    std::string text;
    std::size_t order = 0;  // counts the lines in the order in which they were read
    // The line narrows what a container may do, which its key alone does not say: a read-only mount,
    // or a file whose lines are not known.
    bool narrows = false;
    [[nodiscard]] std::string message() const;  // "FILE:LINE: KEY: VERDICT: TEXT"
};

// The verdicts of a whole conversion.
struct Verdicts {
    std::vector<Entry> entries;  // one for each line, in order
    [[nodiscard]] std::size_t count(Verdict verdict) const;
    // Returns the entries of lines that narrow what a container may do and that are not translated: a
    // container without them would get more rights than it has under lxc.
    [[nodiscard]] std::vector<Entry> lost_isolation() const;
    // Returns "12 lines: 9 exact, 1 kept, 1 approximated, 1 not translated".
    [[nodiscard]] std::string summary() const;
    // Returns the verdicts for programs, as JSON; ends with a newline.
    [[nodiscard]] std::string json() const;
};

}  // namespace native

// What is to be converted to a domain.
struct NativeSource {
    std::string path;    // the configuration's file, on the driver's host
    std::string rootfs;  // replaces the configuration's root file system; absolute, or empty
    bool sets_autostart = false;  // the caller does what lxc.start.auto says
    // Convert also a configuration that would lose isolation, or that another user than root can
    // change.
    bool lossy = false;
};

// A domain that a configuration was converted to.
struct FromNative {
    std::string name;  // the domain's
    std::string
        name_from;    // says where the name was found: "lxc.uts.name", "the folder of the file"
    std::string xml;  // canonical
    native::Verdicts verdicts;
    bool autostart = false;  // the configuration asks for a start with the host
    std::string
        missing_root;  // the source of the root file system if it does not exist, else empty
};

// A configuration that a domain was converted to.
struct ToNative {
    std::string text;  // the configuration
    // One entry for each line of the text (exact), and one for each element that has no key there,
    // whose `key` is then the element's name.
    native::Verdicts verdicts;
};

// The folder in which lxc-tools keep their containers, unless lxc.lxcpath names another
// (lxc.system.conf(5)).
inline constexpr std::string_view kDefaultLxcPath = "/var/lib/lxc";

// A container that another program manages.
struct NativeContainer {
    std::string name;
    std::string config;    // the path of its configuration
    bool running = false;  // the other program runs it now, in this network namespace
};

}  // namespace lxvirt::driver
