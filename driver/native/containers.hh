// Finds the containers that lxc-tools keep in a folder (its "lxcpath"): each is a folder with a
// file `config` in it. import-lxc reads them; nothing in there is ever changed.
#pragma once

#include <string>
#include <vector>

namespace lxvirt::driver::native {

// A container of lxc-tools.
struct LxcContainer {
    std::string name;      // name of its folder
    std::string config;    // path of its configuration
    bool running = false;  // a monitor of lxc listens for it in this network namespace
};

// The lxcpath of lxc-tools unless lxc.conf(5) says otherwise.
inline constexpr const char* kDefaultLxcPath = "/var/lib/lxc";

// Returns the containers in `lxcpath`, sorted by name. Throws SystemError where that is no folder
// which can be read.
[[nodiscard]] std::vector<LxcContainer> find_containers(const std::string& lxcpath);

// Says whether `sockets`, the text of /proc/net/unix, has the abstract socket on which lxc-start
// listens for the container's commands.
[[nodiscard]] bool has_monitor(const std::string& sockets, const std::string& lxcpath,
                               const std::string& name);

}  // namespace lxvirt::driver::native
