// The containers that lxc-tools keep in a folder (an "lxcpath"): each a folder of its own with a
// file `config`. Read by import-lxc; nothing of them is ever changed.
#pragma once

#include <string>
#include <vector>

namespace lxvirt::driver::native {

struct LxcContainer {
    std::string name;      // its folder's
    std::string config;    // the file's path
    bool running = false;  // a monitor of lxc listens for it in this network namespace
};

inline constexpr const char* kDefaultLxcPath = "/var/lib/lxc";

// Sorted by name. Throws SystemError where `lxcpath` is no folder that can be read.
[[nodiscard]] std::vector<LxcContainer> find_containers(const std::string& lxcpath);

// Whether `sockets`, the text of /proc/net/unix, has the abstract socket that lxc-start listens on.
[[nodiscard]] bool has_monitor(const std::string& sockets, const std::string& lxcpath,
                               const std::string& name);

}  // namespace lxvirt::driver::native
