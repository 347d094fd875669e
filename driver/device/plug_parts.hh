// The steps of driver/device/plug.cc that work in the container's mount namespace. For driver/plug*.cc
// only.
#pragma once

#include "base/process/pty.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::driver {

// The tree or file system of `mount`, detached. `source` is the device of a block or file one.
[[nodiscard]] base::UniqueFd open_detached(const helper::Mount& mount, const std::string& source,
                                           const xml::Domain& domain, const Guest& guest);
// Attaches it on its target, which is made where it is missing and taken away again if that fails.
void attach_in_guest(const Guest& guest, const xml::Domain& domain, base::Fd mount,
                     const helper::Mount& plan);
// Takes the mount of a <filesystem> away; nothing where the container did it already.
void detach_in_guest(const Guest& guest, const xml::Filesystem& filesystem,
                     const std::vector<MadeDevice>& made, bool lazily);

// A new pty of the container's devpts.
[[nodiscard]] base::Pty open_inner_pty(const Guest& guest, const xml::Domain& domain);
// Binds it on /dev/ttyN, N = port + 1, and the reverse.
void bind_console(const Guest& guest, const xml::Domain& domain, base::Fd dev, const base::Pty& pty,
                  unsigned port);
void unbind_console(const Guest& guest, unsigned port, bool lazily);

}  // namespace lxvirt::driver
