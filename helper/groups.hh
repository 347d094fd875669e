// The container's control groups, in every hierarchy: an outer one that holds limits and device
// rules, an inner one that becomes the root of its cgroup namespace (so limits cannot be lifted
// from inside), and one for the supervisors. Made and removed here; the init enters the inner ones
// itself.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

struct MadeGroups {
    std::vector<base::UniqueFd> attach;  // v1: the inner `tasks`, for the init to write itself into
    base::UniqueFd unified_inner;        // v2: for CLONE_INTO_CGROUP; invalid without a v2 tree
};

// The helper leaves whatever v1 groups its caller had; it was born in the right v2 group.
void enter_helper_group(const Groups& groups);
// The last thing before the helper ends: has the group removed once it is gone, if nobody else is
// in it.
void leave_helper_group(const Groups& groups) noexcept;

// Throws SystemError naming the limit that the kernel refused.
[[nodiscard]] MadeGroups make_groups(const Groups& groups, const Namespaces& namespaces);

// Kills what is left and removes outer and inner; returns what could not be removed.
[[nodiscard]] std::vector<std::string> remove_groups(const Groups& groups);

}  // namespace lxvirt::helper
