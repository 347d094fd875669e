// The steps of driver/device/plug.cc that work in the container's mount namespace. For
// driver/device/plug*.cc and driver/life/enter.cc only.
#pragma once

#include "base/process/pty.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"
#include "helper/exchange/plan.hh"
#include "helper/objects/inner_dev.hh"

namespace lxvirt::driver {

// Returns the detached tree or file system of `mount`. `source` is the block device of a mount of
// kind `device`. Throws SystemError.
[[nodiscard]] base::UniqueFd open_detached(const helper::Mount& mount, const std::string& source,
                                           const xml::Domain& domain, const Guest& guest);
// Attaches `mount` on its target in the container. A missing target is made by a process that is
// the container's root, and is taken away again if the mount fails. Throws SystemError.
void attach_in_guest(const Guest& guest, base::Fd mount, const helper::Mount& plan);
// Unmounts a <filesystem>; does nothing if the container did it already. Throws SystemError(EBUSY)
// if it is in use, unless `lazily`.
void detach_in_guest(const Guest& guest, const xml::Filesystem& filesystem,
                     const std::vector<MadeDevice>& made, bool lazily);

// Returns the tmpfs of the container's /dev, which the helper keeps. Throws operation_failed for a
// helper of an older lxvirt, which has none to give.
[[nodiscard]] helper::InnerDev open_inner_dev(const Root& root, const std::string& name);

// Returns a new pty of the container's devpts, owned by its root and group tty. Throws
// operation_failed if the container has replaced its /dev/pts.
[[nodiscard]] base::Pty open_inner_pty(const Guest& guest, const xml::Domain& domain);
// Makes /dev/ttyN in the container, N = port + 1, and binds the pty on it; unbind_console() removes
// both.
void bind_console(const Guest& guest, const xml::Domain& domain, const helper::InnerDev& dev,
                  const base::Pty& pty, unsigned port);
void unbind_console(const Guest& guest, const helper::InnerDev& dev, unsigned port);

}  // namespace lxvirt::driver
