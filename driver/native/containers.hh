// The containers that lxc-tools keep in a folder (an "lxcpath"): each a folder of its own with a
// file `config`. Read by import-lxc; nothing of them is ever changed.
#pragma once

#include <string>
#include <vector>

#include "driver/native_types.hh"

namespace lxvirt::driver::native {

// Sorted by name. Throws SystemError where `lxcpath` is no folder that can be read.
[[nodiscard]] std::vector<NativeContainer> find_containers(const std::string& lxcpath);

// Whether `sockets`, the text of /proc/net/unix, has the abstract socket that lxc-start listens on.
[[nodiscard]] bool has_monitor(const std::string& sockets, const std::string& lxcpath,
                               const std::string& name);

}  // namespace lxvirt::driver::native
