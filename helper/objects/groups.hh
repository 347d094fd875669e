// The container's control groups. In every hierarchy there is an outer group that holds limits and
// device rules, and an inner one that becomes the root of the container's cgroup namespace, so that
// no limit can be lifted from inside. A v1 hierarchy in which nothing is set needs no inner group;
// each group costs two calls under the kernel's one cgroup lock. On v2 there is besides a group for
// the supervisors. The driver makes the container's groups while the helper prepares the rest, if
// it can; the init enters them itself.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::helper {

// Holds what open_groups() opened.
struct MadeGroups {
    std::vector<base::UniqueFd> attach;  // v1: `tasks`, into which the init writes itself
    base::UniqueFd unified;              // v2, for CLONE_INTO_CGROUP; invalid without a v2 tree
    // Detached mounts, one of each hierarchy, that begin at the container's root group.
    std::vector<base::UniqueFd> trees;
};

// Moves the helper to the root of each v1 hierarchy, so that no limit of its caller's applies to
// it; on v2 it was born in the right group. Groups of its own would take 20 calls more at every
// start and end. Throws SystemError.
void leave_callers_groups(const std::vector<base::Hierarchy>& hierarchies);
// Starts a child, lxc_cleanup, that waits for this process to end and then removes the supervisors'
// group if no other supervisor is in it. Returns false where no child can be made. The file
// `record`, if not empty, holds the group's path until that is done: if the child is killed, the
// driver finds it there.
[[nodiscard]] bool leave_helper_group_later(const Groups& groups,
                                            const std::string& record) noexcept;
// Does the same as the last act of the helper, without a child if none can be made.
void leave_helper_group(const Groups& groups, const std::string& record) noexcept;
// Returns the path of that file for a container with this run folder: a hidden file beside that
// folder.
[[nodiscard]] std::string leaving_record(const std::string& run_folder);

// Makes the outer and inner groups, with limits, device rules and ownership. Throws SystemError
// that names the limit which the kernel refused, and Error(config_unsupported) where a controller
// is missing.
void make_groups(const Groups& groups, const Namespaces& namespaces);
// Opens what the init needs to enter its groups and to show them. Throws SystemError.
[[nodiscard]] MadeGroups open_groups(const Groups& groups);

// Kills the processes that are left and removes the groups. Returns one sentence for each thing
// that could not be done.
[[nodiscard]] std::vector<std::string> remove_groups(const Groups& groups);

}  // namespace lxvirt::helper
