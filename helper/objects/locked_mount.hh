// Mounts that a container cannot make writable again. With an id map the container's root owns the
// mount namespace of the container, and may clear the attributes of the mounts in it. The kernel
// keeps only those that came from the namespace of a more powerful user (mount_namespaces(7),
// "Restrictions on mount namespaces"). A copy that is taken in such a namespace stays locked
// wherever it is attached.
#pragma once

#include <string>

#include "base/fd.hh"

namespace lxvirt::helper {

// Returns a detached copy of the detached mount `tree`, with the mounts below it, whose attributes
// (read-only, nosuid, nodev, noexec) nobody in a user namespace can clear. The attributes must be
// set before, an id map may be set afterwards. Whoever owns the namespace in which the copy is
// attached can still unmount it, and then sees what lay below. `name` is for error messages. Throws
// SystemError.
[[nodiscard]] base::UniqueFd lock_attributes(base::Fd tree, const std::string& name);

}  // namespace lxvirt::helper
