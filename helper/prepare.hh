// What is made before the container exists, all of it detached and reached by descriptors only: the
// tmpfs for /dev with its nodes, the devpts with the consoles, copies of the host's trees, file
// systems on block devices and images. The init inherits the descriptors and attaches them.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/launch.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

struct Prepared {
    base::Fd image;      // the clone of the helper's program; see build_filesystem()
    base::UniqueFd dev;  // the tmpfs
    base::UniqueFd devpts;
    base::UniqueFd groups;  // the tmpfs with a folder for each hierarchy; invalid on v2 alone
    std::uint64_t dev_number = 0;  // its st_dev
    std::vector<base::UniqueFd>
        host_mounts;  // parallel to Plan::mounts; invalid where not made here
    std::vector<ConsoleEnds> consoles;
    std::vector<KeptLoop> loops;
    std::vector<base::DeviceRule> loop_rules;  // for the loop devices that were attached
};

[[nodiscard]] Prepared prepare(const Plan& plan);

// Puts the container's id map on the mounts that want it; they are still detached.
void map_mounts(const Plan& plan, const Prepared& prepared, base::Fd userns);

}  // namespace lxvirt::helper
