// Makes the mounts of a container's devices that are the same at a start (helper/prepare.hh, before
// the container exists) and at hot-plug (driver/device/plug.hh, from outside while it runs). Linked
// into both programs.
#pragma once

#include <string>

#include "base/fd.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::helper {

// Makes a detached mount: of the host's tree for MountKind::host_bind, else of the file system on
// `device`, which is the mount's source or the loop device that was made for it. Returns an invalid
// descriptor where an optional source is absent. Throws SystemError.
[[nodiscard]] base::UniqueFd open_mount(const Mount& mount, const std::string& device);

// Returns the tree of a locked root (Mount::locked) once more, writable, for making names in it; an
// invalid descriptor where the root is not locked, or is no tree of the host. Throws SystemError.
[[nodiscard]] base::UniqueFd open_writable_root(const Mount& root);

// Makes a detached mount of a file system that does not depend on the container's namespaces, such
// as a tmpfs. Throws SystemError.
[[nodiscard]] base::UniqueFd make_fresh(const Mount& mount);

}  // namespace lxvirt::helper
