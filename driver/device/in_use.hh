// Finds out who in a container uses a device, before the device is taken away. The kernel would let
// a mount or a node go while it is in use, and the users would go on with a device that nobody
// sees.
#pragma once

#include <string>
#include <vector>

#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"
#include "xml/domain/device.hh"

namespace lxvirt::driver {

// Returns one text for each use: "mounted on '/mnt'", "open in process 4711 (dd)". Process numbers
// are the host's, mount points the container's. Returns nothing if nobody uses the device, or if
// the device is of a kind that can always go (an interface, a console, a character device).
[[nodiscard]] std::vector<std::string> users_of(const Guest& guest, const LiveState& live,
                                                const xml::Device& device,
                                                const std::vector<MadeDevice>& made);

}  // namespace lxvirt::driver
