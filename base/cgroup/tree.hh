// Walks trees of control groups that a container made. A container may nest groups until their path
// is longer than the kernel takes (PATH_MAX, path_resolution(7)), and may make more of them than a
// process may have descriptors. So a tree is walked by one descriptor, down by openat(2) of a name
// and up by "..", and no path is ever joined. A control group cannot be moved below another one, so
// ".." leads back where the walk came from.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// Is called with an opened group. Returns whether the groups below it are visited, too.
using GroupVisitor = std::function<bool(Fd group)>;

// Calls `visit` for the group at the path `top`, then for each group below it; a group comes before
// those below it. Groups that are removed meanwhile are left out, and an absent `top` is no error.
// Throws SystemError, and whatever `visit` throws.
void visit_groups(const std::string& top, const GroupVisitor& visit);

// Removes the groups below the path `top`, which itself stays. EBUSY means that processes are on
// their way out, so each removal is retried until `end`. Throws SystemError that names `top`: names
// of groups below it are the container's.
void remove_groups_below(const std::string& top, std::chrono::steady_clock::time_point end);

// Returns the content of the file `name` of an opened group; nothing where the group is gone, or
// has no such file, or where the file cannot be read in a threaded group (cgroup-v2.rst, "Threads").
// Throws SystemError.
[[nodiscard]] std::optional<std::string> read_group_file(Fd group, const char* name);

// Writes `value` into the file `name` of an opened group. Does nothing where the group is gone or
// has no such file. Throws SystemError.
void write_group_file(Fd group, const char* name, const std::string& value);

}  // namespace lxvirt::base
