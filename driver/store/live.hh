// What is written about a running container, in run/lxvirt/lxc/NAME/: live.xml, with every name
// made for the container, and `pending`, the undo record of a change of several steps. live.xml is
// written before anything is made, so that whoever comes after a crash knows every kernel object
// that may exist. Both files are of this boot only: if their boot id is another, they are stale,
// and are deleted without touching anything else. Nothing is ever killed by a pid that stands here.
//
// Whether a running domain is persistent is not written: a domain is persistent if its definition
// exists.
//
// live.xml is libvirt's <domstatus> with our own elements, one a line, followed by the live
// <domain>.
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

// How far a run is. `starting` also means a start that was cut short.
enum class LivePhase { starting, running, stopping };

// Lists what was made for one device beyond what its XML says; hot-plug takes the device back by
// this.
struct MadeDevice {
    std::string device;  // the alias: "disk0"
    // The device number that the container may open; type 'b' or 'c', or 0 if the device has none.
    char type = 0;
    std::uint32_t major = 0, minor = 0;
    bool readonly = false;
    std::string path;   // the node's path below /dev; empty if there is no node
    bool loop = false;  // the number is a loop device's, which the helper holds
    // Id of the mount of a hot-plugged filesystem (mountinfo's first field); 0 if not known.
    std::uint64_t mount = 0;
};

// Holds what stands before the <domain>.
struct LiveHead {
    LivePhase phase = LivePhase::starting;
    std::string boot;  // base::boot_id() when it was written
    std::string root;  // Root::id()
    pid_t helper = 0;  // for people; 0 while it is not known
    bool autodestroy = false;
    std::string cgroup;  // the outer group, relative to each hierarchy's mount
    // The topmost folder above `cgroup` that this start makes; empty if none.
    std::string partition;
    std::vector<std::string> links;  // the host's ends of interfaces, without bridges
    std::vector<MadeDevice> made;

    // Returns whether it was written in this boot of the host.
    [[nodiscard]] bool current() const;
};

struct LiveState : LiveHead {
    xml::Domain domain;  // the live definition
};

// Returns the text of live.xml.
[[nodiscard]] std::string format_live(const LiveState& state);
// Parses a text of live.xml. `file` names the text in errors. Throws internal_error if it is broken
// or of a newer version.
[[nodiscard]] LiveState parse_live(std::string_view text, const std::string& file);
// Format and parse one <made> line of live.xml, which stands in an undo record as well.
[[nodiscard]] std::string format_made(const MadeDevice& made);
[[nodiscard]] MadeDevice parse_made(std::string_view line, const std::string& file);
// Parses the head and leaves the domain alone, which takes microseconds.
[[nodiscard]] LiveHead parse_live_head(std::string_view text, const std::string& file);

// Makes the domain's run folder if it is missing, and replaces live.xml atomically; nothing is
// synced, as the file has no meaning after a crash of the host. Fills in no field but an empty
// `boot` and `root`. Throws SystemError.
void write_live(const Root& root, LiveState state);
// Returns nullopt if there is no live.xml. Throws as parse_live() does.
[[nodiscard]] std::optional<LiveState> read_live(const Root& root, std::string_view name);
// Throws operation_failed: the domain runs, and somebody has removed its live.xml, or operation_invalid
// if it has just ended.
[[noreturn]] void fail_no_live(const Root& root, const std::string& name);
// Returns the live state of a running domain. Throws operation_invalid if the domain does not run.
[[nodiscard]] LiveState require_live(const Root& root, const std::string& name);
// Returns the names that have a live.xml, whether they run or a crash has left it; sorted.
[[nodiscard]] std::vector<std::string> live_names(const Root& root);
// Returns the processes that are in the control groups of a domain whose helper is gone: it was
// killed, or could not end them. Call it only where nobody holds the alive lock. Throws
// SystemError.
[[nodiscard]] std::vector<pid_t> processes_left(const Root& root, std::string_view name);
// Removes the domain's run folder with all that is in it, sockets and unknown files too.
void remove_live(const Root& root, std::string_view name);

// An undo record: the operation that was begun, and what it takes to undo or finish it.
struct Pending {
    std::string operation;  // "attach", "tune" ...
    std::vector<std::pair<std::string, std::string>> values;
    // Returns the first value of a key; empty if there is no such key.
    [[nodiscard]] std::string value(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const;
};

// Writes the undo record of a domain, atomically. The caller holds the operation lock.
void write_pending(const Root& root, std::string_view name, const Pending& pending);
// Returns nullopt if there is none, or if another boot wrote it.
[[nodiscard]] std::optional<Pending> read_pending(const Root& root, std::string_view name);
// Do the same for a record of another kind of object, by its path; its folder exists.
void write_pending_file(const std::string& path, const Pending& pending);
[[nodiscard]] std::optional<Pending> read_pending_file(const std::string& path);
// Removes the record: the change is done, or undone.
void clear_pending(const Root& root, std::string_view name);

}  // namespace lxvirt::driver
