// Who in a container uses a device: asked before it is taken away.
#pragma once

#include <string>
#include <vector>

#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"
#include "xml/domain/device.hh"

namespace lxvirt::driver {

// "mounted on '/mnt'", "open in process 4711 (dd)": process numbers are the host's, mount points
// the container's. Empty where nobody uses it, or where it is of a kind that can always go.
[[nodiscard]] std::vector<std::string> users_of(const Guest& guest, const LiveState& live,
                                                const xml::Device& device,
                                                const std::vector<MadeDevice>& made);

}  // namespace lxvirt::driver
