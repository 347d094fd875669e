// The steps of driver/device/plug.cc that work in the container's mount namespace. For
// driver/device/plug*.cc and driver/life/enter.cc only.
#pragma once

#include "base/process/pty.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::driver {

// Returns the detached tree or file system of `mount`. `source` is the block device of a mount of
// kind `device`. Throws SystemError.
[[nodiscard]] base::UniqueFd open_detached(const helper::Mount& mount, const std::string& source,
                                           const xml::Domain& domain, const Guest& guest);
// Attaches `mount` on its target in the container. A missing target is made, and taken away again
// if the mount fails. Throws SystemError.
void attach_in_guest(const Guest& guest, const xml::Domain& domain, base::Fd mount,
                     const helper::Mount& plan);
// Unmounts a <filesystem>; does nothing if the container did it already. Throws SystemError(EBUSY)
// if it is in use, unless `lazily`.
void detach_in_guest(const Guest& guest, const xml::Filesystem& filesystem,
                     const std::vector<MadeDevice>& made, bool lazily);

// Returns a new pty of the container's devpts, owned by its root and group tty. Throws
// operation_failed if the container has replaced its /dev/pts.
[[nodiscard]] base::Pty open_inner_pty(const Guest& guest, const xml::Domain& domain);
// Binds the pty on /dev/ttyN in the container, N = port + 1; unbind_console() removes it. `dev` is
// the container's /dev.
void bind_console(const Guest& guest, const xml::Domain& domain, base::Fd dev, const base::Pty& pty,
                  unsigned port);
void unbind_console(const Guest& guest, unsigned port, bool lazily);

}  // namespace lxvirt::driver
