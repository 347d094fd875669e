// Control groups on unified (v2), v1 and hybrid hosts, found by what is mounted and never by
// version (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/). A group here is one path that
// exists in every hierarchy. Two rules of the kernel shape the code: attaching a process by writing
// cgroup.procs waits about 10 ms for RCU, so a new process attaches itself ("0" into v1 `tasks`) or
// is cloned into the group (v2 CLONE_INTO_CGROUP); and a v1 cpuset takes no process before it has
// cpus and mems.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

struct Hierarchy {
    std::string mount;    // "/sys/fs/cgroup/memory"
    std::string name;     // the mount's last component, as containers see it
    std::string options;  // what mounting it again needs: "memory", "none,name=systemd"
    std::vector<std::string> controllers;  // v1: of the mount; v2: of cgroup.controllers
    bool unified = false;

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

// All hierarchies that /proc/self/mountinfo shows; the pure part is separate for tests.
[[nodiscard]] std::vector<Hierarchy> find_hierarchies();
[[nodiscard]] std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo);

// The one that owns `controller`, or null.
[[nodiscard]] const Hierarchy* owner_of(const std::vector<Hierarchy>& all,
                                        std::string_view controller);
[[nodiscard]] const Hierarchy* unified_of(const std::vector<Hierarchy>& all);

// Makes `path` ("/machine/lxc-1-x") in one hierarchy, the folders above it as needed. Those are
// marked, and remove_group() takes a marked one away once it is empty. v2 controllers are enabled
// on the way, below systemd's scope where the path has one; a v1 cpuset is filled. Throws
// SystemError.
void make_group(const Hierarchy& hierarchy, const std::string& path);

// One mkdir(2) of a group that is to hold processes and no other groups; the one above is left as
// it is, also where it still has processes itself. Throws SystemError.
void make_leaf_group(const Hierarchy& hierarchy, const std::string& path);

// Removes `path` with all groups below it, then the marked folders above it that are empty. Absent
// is fine. Throws SystemError(EBUSY) where processes are left after `patience`.
void remove_group(const Hierarchy& hierarchy, const std::string& path,
                  std::chrono::milliseconds patience = std::chrono::seconds(2));

// The topmost folder above `path` that some hierarchy does not have; empty where all are there.
[[nodiscard]] std::string first_missing_above(const std::vector<Hierarchy>& all,
                                              const std::string& path);
// Removes the empty folders above `path` up to `top`, marked or not: whoever makes one may be
// killed before it is marked. One that others use by now is marked, for the last of them.
void remove_folders_above(const Hierarchy& hierarchy, const std::string& path,
                          const std::string& top);

// One rmdir(2): false where it did not work, as where the group holds processes or other groups.
// The folders above stay.
bool try_remove_group(const Hierarchy& hierarchy, const std::string& path);

// remove_group() for a group that others may be using: it stays where it is not empty.
void remove_empty_group(const Hierarchy& hierarchy, const std::string& path);

// Opens the file through which a process attaches itself by writing "0": `tasks` on v1,
// `cgroup.procs` on v2.
[[nodiscard]] UniqueFd open_attach_file(const Hierarchy& hierarchy, const std::string& path);
void attach_self(Fd attach_file);

// The group's state. Freezing waits until it is done or `patience` is over (then ETIMEDOUT,
// thawed).
void freeze_group(const std::vector<Hierarchy>& all, const std::string& path,
                  std::chrono::milliseconds patience = std::chrono::seconds(5));
void thaw_group(const std::vector<Hierarchy>& all, const std::string& path);
// A frozen v1 task takes no signal, not even SIGKILL (freezer-subsystem.rst), and whoever is inside
// may have frozen a group below: thaws the whole tree. A frozen v2 task can be killed.
void thaw_to_kill(const std::vector<Hierarchy>& all, const std::string& path);
[[nodiscard]] bool is_frozen(const std::vector<Hierarchy>& all, const std::string& path);

// SIGKILL to every process in the group and below: cgroup.kill, else by pidfd, over and over until
// nothing is left or `patience` is over; frozen ones are thawed. True when it is empty.
bool kill_group(const std::vector<Hierarchy>& all, const std::string& path,
                std::chrono::milliseconds patience = std::chrono::seconds(5));

// Every process in the group and below, as this pid namespace numbers them.
[[nodiscard]] std::vector<pid_t> processes_of(const std::vector<Hierarchy>& all,
                                              const std::string& path);

// Processes that the OOM killer ended in the group so far (v2 memory.events, v1
// memory.oom_control); nothing where the kernel does not tell.
[[nodiscard]] std::optional<unsigned long> oom_kills(const std::vector<Hierarchy>& all,
                                                     const std::string& path);

}  // namespace lxvirt::base
