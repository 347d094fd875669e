// Finds the containers that lxc-tools keep in a folder (its "lxcpath"): each is a folder with a
// file `config` in it. import-lxc reads them; nothing in there is ever changed.
#pragma once

#include <string>
#include <vector>

#include "driver/native_types.hh"

namespace lxvirt::driver::native {

// Sorted by name. Throws SystemError where `lxcpath` is no folder that can be read.
[[nodiscard]] std::vector<NativeContainer> find_containers(const std::string& lxcpath);

// Says whether `sockets`, the text of /proc/net/unix, has the abstract socket on which lxc-start
// listens for the container's commands.
[[nodiscard]] bool has_monitor(const std::string& sockets, const std::string& lxcpath,
                               const std::string& name);

}  // namespace lxvirt::driver::native
