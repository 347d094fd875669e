// Makes everything that can be made before the container exists. All of it is detached and reached
// by descriptors only: the tmpfs for /dev with its nodes, the devpts with the consoles, copies of
// the host's trees, and file systems on block devices and images. The init inherits the descriptors
// and attaches them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/exchange/plan.hh"
#include "helper/launch.hh"
#include "helper/objects/inner_dev.hh"

namespace lxvirt::helper {

// Holds the descriptors until the init has them.
struct Prepared {
    base::Fd image;               // the mount of the helper's program; see filesystem.cc
    base::UniqueFd dev_whole;     // the tmpfs of /dev, which the helper keeps
    std::optional<InnerDev> dev;  // its folders
    base::UniqueFd quiet;         // the FIFO of MountKind::quiet, held open; invalid without one
    base::UniqueFd devpts;
    base::UniqueFd groups;         // tmpfs with a folder per hierarchy; invalid on v2 alone
    std::uint64_t dev_number = 0;  // st_dev of that tmpfs
    std::vector<base::UniqueFd>
        host_mounts;  // parallel to Plan::mounts; invalid where not made here
    // The root's tree, writable, where the root that is attached is locked: missing mount points are
    // made through it.
    base::UniqueFd writable_root;
    std::vector<ConsoleEnds> consoles;  // in the order of Plan::consoles
    std::vector<KeptLoop> loops;
    std::vector<base::DeviceRule> loop_rules;  // allow the loop devices that were attached
};

// Makes all of it. Throws SystemError; what was made until then goes with its descriptors.
[[nodiscard]] Prepared prepare(const Plan& plan);

// Puts the container's id map, that of the user namespace `userns`, on the mounts that want it;
// they are still detached, which mount_setattr(2) requires. Throws SystemError that says how to do
// without the map.
void map_mounts(const Plan& plan, const Prepared& prepared, base::Fd userns);

}  // namespace lxvirt::helper
