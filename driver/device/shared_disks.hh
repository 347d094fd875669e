// Keeps two users from writing to one disk: two containers, or two devices of one container. The
// kernel would let them, and the file system on the disk would be lost. <shareable/> in both disks
// says that they know of each other; readers alone disturb nobody. A partition and the whole disk
// that has it count as one disk, and so do a loop device and its image; two partitions of a disk do
// not. Domains of another root (URI) are not looked at.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/file/lock.hh"
#include "driver/store/root.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Returns the number of the disk that has the block device `device` as a partition; nothing for a
// whole disk. `sys` is where sysfs is mounted.
[[nodiscard]] std::optional<dev_t> disk_of_partition(dev_t device, const std::string& sys);

// Throws resource_busy, naming both devices, if a disk, a storage <hostdev> or the image or device
// of a <filesystem> of `domain` is used twice in it, or by another running domain of this root.
// Returns a lock that keeps others from the same question; the caller holds it until the use shows
// in live.xml of a domain that runs. Returns nothing where the domain has no such device.
[[nodiscard]] std::optional<base::OperationLock> lock_disks(const Root& root,
                                                            const xml::Domain& domain,
                                                            const std::string& sys = "/sys");

}  // namespace lxvirt::driver
