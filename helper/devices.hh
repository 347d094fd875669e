// The parts of a container's devices that its start (helper/prepare.hh, before the container is
// there) and hot-plug (driver/device/plug.hh, from outside while it runs) make in the same way. Linked by
// both.
#pragma once

#include <string>

#include "base/fd.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

// Makes the node and the folders on the way to it in the tmpfs `dev`; both belong to the
// container's root. A link in there is never followed. Throws SystemError, EEXIST where something
// has the name.
void make_node(base::Fd dev, const DeviceNode& node);
// Takes it away, and the folders on the way where they are empty. What is no such node stays: the
// container may have put it there.
void remove_node(base::Fd dev, const DeviceNode& node);

// The tree of a host_bind, or a new mount of the file system on `device` (that of the mount's own
// source, or the loop device made for it); detached. Nothing where an optional source is absent.
[[nodiscard]] base::UniqueFd open_mount(const Mount& mount, const std::string& device);

// A mount of a file system that the container's namespaces do not matter to: a tmpfs.
[[nodiscard]] base::UniqueFd make_fresh(const Mount& mount);

}  // namespace lxvirt::helper
