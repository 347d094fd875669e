// The container's control groups, in every hierarchy: an outer one that holds limits and device
// rules, an inner one that becomes the root of its cgroup namespace (so limits cannot be lifted
// from inside), and on v2 one for the supervisors. A v1 hierarchy in which nothing is set needs no
// second one: each costs two calls under the kernel's one lock. The driver makes the container's
// while the helper prepares the rest, where it can; the init enters them itself.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

struct MadeGroups {
    std::vector<base::UniqueFd> attach;  // v1: `tasks`, for the init to write itself into
    base::UniqueFd unified;              // v2: for CLONE_INTO_CGROUP; invalid without a v2 tree
    std::vector<base::UniqueFd> trees;   // each hierarchy's mount, cut down to the container's root
};

// To the root of each v1 hierarchy, so that no limit of the caller's holds the helper, which was
// born in the right v2 group. A group of its own in each would take 20 calls at every start and
// end.
void leave_callers_groups(const std::vector<base::Hierarchy>& hierarchies);
// Has the group removed once this process is gone, if nobody else is in it, by a child that waits
// for that. False where no child can be had. Until that is done the file `record`, where one is
// given, has the group's path: for the driver, should whoever removes it be killed.
[[nodiscard]] bool leave_helper_group_later(const Groups& groups,
                                            const std::string& record) noexcept;
// The same, as the last thing before the helper ends and without a child if need be.
void leave_helper_group(const Groups& groups, const std::string& record) noexcept;
// Where that record is, for a container with this run folder; hidden among those folders.
[[nodiscard]] std::string leaving_record(const std::string& run_folder);

// Makes outer and inner. Throws SystemError naming the limit that the kernel refused.
void make_groups(const Groups& groups, const Namespaces& namespaces);
// Opens what the init needs to enter its groups and to show them.
[[nodiscard]] MadeGroups open_groups(const Groups& groups);

// Kills what is left and removes outer and inner; returns what could not be removed.
[[nodiscard]] std::vector<std::string> remove_groups(const Groups& groups);

}  // namespace lxvirt::helper
