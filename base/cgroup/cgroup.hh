// Control groups on unified (v2), v1 and hybrid hosts. What a host has is found by what is mounted,
// never by a version (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/). A group is named here
// by one path, which exists in every hierarchy. Two rules of the kernel shape the code:
//
// - Moving another process by writing its pid to cgroup.procs waits for RCU, about 10 ms. Therefore
//   a new process moves itself (a "0" written to the `tasks` of v1) or is cloned into its group
//   (CLONE_INTO_CGROUP of v2).
// - A v1 cpuset takes no process before its cpus and mems are set.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// A mounted hierarchy: the v2 tree, or a v1 tree with one or more controllers.
struct Hierarchy {
    std::string mount;                     // mount point: "/sys/fs/cgroup/memory"
    std::string name;                      // last component of `mount`, which containers see too
    std::string options;                   // for mounting it again: "memory", "none,name=systemd"
    std::vector<std::string> controllers;  // v1: of the mount; v2: of cgroup.controllers
    bool unified = false;                  // whether it is the v2 tree

    // Says whether the hierarchy owns `controller`, such as "memory".
    [[nodiscard]] bool has(std::string_view controller) const;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("mount", self.mount);
        visit("name", self.name);
        visit("options", self.options);
        visit("controllers", self.controllers);
        visit("unified", self.unified);
    }
};

// Returns the hierarchies that /proc/self/mountinfo shows, each once. Throws SystemError.
[[nodiscard]] std::vector<Hierarchy> find_hierarchies();
// Does the same from a text and without reading the controllers of v2, for tests without a host.
[[nodiscard]] std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo);

// Returns the hierarchy that owns `controller`, or null; points into `all`.
[[nodiscard]] const Hierarchy* owner_of(const std::vector<Hierarchy>& all,
                                        std::string_view controller);
// Returns the v2 tree, or null; points into `all`.
[[nodiscard]] const Hierarchy* unified_of(const std::vector<Hierarchy>& all);

// Makes the group `path` ("/machine/lxc-1-x") in one hierarchy, and the missing folders above it,
// which get a mark: remove_group() removes a marked folder once it is empty. On v2, controllers are
// enabled on the way, where the path has a scope of systemd only from there on; a v1 cpuset is
// filled. An existing group is no error. Throws SystemError.
void make_group(const Hierarchy& hierarchy, const std::string& path);

// Makes a group by one mkdir(2), for processes and never for further groups. The group above is
// left as it is and may hold processes itself. An existing group is no error. Throws SystemError.
void make_leaf_group(const Hierarchy& hierarchy, const std::string& path);

// Removes `path` with all groups below it, then the marked and empty folders above it. An absent
// group is no error. Throws SystemError(EBUSY) where processes are left after `patience`.
void remove_group(const Hierarchy& hierarchy, const std::string& path,
                  std::chrono::milliseconds patience = std::chrono::seconds(2));

// Returns the topmost folder above `path` that is missing in some hierarchy; empty where all exist.
// A start records it before it makes the group.
[[nodiscard]] std::string first_missing_above(const std::vector<Hierarchy>& all,
                                              const std::string& path);
// Removes the empty folders above `path` up to `top`, whether they are marked or not: whoever makes
// a folder may be killed before it is marked. A folder that others use by now gets the mark, so
// that the last of them removes it.
void remove_folders_above(const Hierarchy& hierarchy, const std::string& path,
                          const std::string& top);

// Tries one rmdir(2). Returns false where that fails, as it does while the group holds processes or
// other groups. The folders above stay.
bool try_remove_group(const Hierarchy& hierarchy, const std::string& path);

// Removes a group that others may be using, and leaves it where it is not empty. Throws
// SystemError.
void remove_empty_group(const Hierarchy& hierarchy, const std::string& path);

// Opens the file through which a process moves itself by writing "0": `tasks` on v1, `cgroup.procs`
// on v2. Throws SystemError.
[[nodiscard]] UniqueFd open_attach_file(const Hierarchy& hierarchy, const std::string& path);
// Moves the calling process through that file. Throws SystemError.
void attach_self(Fd attach_file);

// Freezes the group and waits until all its processes stand still. After `patience` the group is
// thawed again and SystemError(ETIMEDOUT) is thrown.
void freeze_group(const std::vector<Hierarchy>& all, const std::string& path,
                  std::chrono::milliseconds patience = std::chrono::seconds(5));
// Thaws the group; an absent group is no error.
void thaw_group(const std::vector<Hierarchy>& all, const std::string& path);
// Thaws the group and all groups below it where the freezer is v1's: a frozen v1 task takes no
// signal, not even SIGKILL (cgroup-v1/freezer-subsystem.rst), and the container may have frozen a
// group of its own. v2 kills frozen tasks.
void thaw_to_kill(const std::vector<Hierarchy>& all, const std::string& path);

// Sends SIGKILL to every process in and below the group, by cgroup.kill where the kernel has it
// (5.14), else by pidfds again and again, until none is left or `patience` is over. Frozen groups
// are thawed. Returns true when the group is empty.
bool kill_group(const std::vector<Hierarchy>& all, const std::string& path,
                std::chrono::milliseconds patience = std::chrono::seconds(5));

// Returns the pids of all processes in and below the group, as this pid namespace numbers them. Of
// a process that runs in a threaded group of v2 the kernel reports the pid in the group above.
[[nodiscard]] std::vector<pid_t> processes_of(const std::vector<Hierarchy>& all,
                                              const std::string& path);

// Returns how many processes of the group the OOM killer has ended so far (v2 memory.events, v1
// memory.oom_control); nothing where the kernel does not count them.
[[nodiscard]] std::optional<unsigned long> oom_kills(const std::vector<Hierarchy>& all,
                                                     const std::string& path);

}  // namespace lxvirt::base
