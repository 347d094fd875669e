// What is written about a running container, in run/lxc/NAME/ (design, hard part 4): live.xml, with
// every name made for it, written before anything is made; and `pending`, the undo record of a
// change of several steps. Both are of this boot only: one with another boot id is stale, and then
// files are deleted and nothing else is touched. Nothing is ever killed by a pid that stands here.
//
// Whether a running domain is persistent is not written here: it is whether a definition exists.
//
// live.xml is <domstatus> with our own elements, one a line, and then the live <domain>.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "driver/store/root.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

enum class LivePhase { starting, running, stopping };

// What was made for one device beyond what its XML says; hot-plug takes it back by this.
struct MadeDevice {
    std::string device;  // alias: "disk0"
    // A number that the container may open; type 0 where the device has none.
    char type = 0;
    std::uint32_t major = 0, minor = 0;
    bool readonly = false;
    std::string path;         // of the node, below /dev; empty where there is none
    bool loop = false;        // the number is that of a loop device, which the helper holds
    std::uint64_t mount = 0;  // id of a mount that was attached while it ran; 0 = not known
};

// What stands before the <domain>.
struct LiveHead {
    LivePhase phase = LivePhase::starting;
    std::string boot;  // base::boot_id() of when it was written
    std::string root;  // Root::id()
    pid_t helper = 0;  // for information; 0 while it is not known
    bool autodestroy = false;
    std::string cgroup;              // of the outer group, relative to each hierarchy's mount
    std::string partition;           // the topmost folder above it that this start makes, if any
    std::vector<std::string> links;  // host's ends of interfaces, bridges excluded
    std::vector<MadeDevice> made;

    // Written in this boot of the host?
    [[nodiscard]] bool current() const;
};

struct LiveState : LiveHead {
    xml::Domain domain;  // the live definition
};

[[nodiscard]] std::string format_live(const LiveState& state);
// `file` names the text in errors. Throws base::Error naming it where it cannot be read.
[[nodiscard]] LiveState parse_live(std::string_view text, const std::string& file);
// One line of live.xml, which stands in an undo record too.
[[nodiscard]] std::string format_made(const MadeDevice& made);
[[nodiscard]] MadeDevice parse_made(std::string_view line, const std::string& file);
// The same without parsing the domain.
[[nodiscard]] LiveHead parse_live_head(std::string_view text, const std::string& file);

// Makes the domain's run folder where it is missing, and replaces live.xml; not synced. Fills in no
// field but an empty `boot` and `root`.
void write_live(const Root& root, LiveState state);
// Nothing where there is none.
[[nodiscard]] std::optional<LiveState> read_live(const Root& root, std::string_view name);
// Names with a live.xml, whether running or left by a crash; sorted.
[[nodiscard]] std::vector<std::string> live_names(const Root& root);
// Removes what is in the domain's run folder, sockets and unknown files too, and the folder.
void remove_live(const Root& root, std::string_view name);

// An undo record: what was begun, and what it takes to undo or finish it.
struct Pending {
    std::string operation;  // "attach", "tune" ...
    std::vector<std::pair<std::string, std::string>> values;
    // Empty where there is no such key.
    [[nodiscard]] std::string value(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const;
};

void write_pending(const Root& root, std::string_view name, const Pending& pending);
// Returns nullopt if there is none, or if another boot wrote it.
[[nodiscard]] std::optional<Pending> read_pending(const Root& root, std::string_view name);
// The same for a record of another kind of object, by its path; the folder exists.
void write_pending_file(const std::string& path, const Pending& pending);
[[nodiscard]] std::optional<Pending> read_pending_file(const std::string& path);
void clear_pending(const Root& root, std::string_view name);

}  // namespace lxvirt::driver
