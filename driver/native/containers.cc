#include "driver/native/containers.hh"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::driver::native {

bool has_monitor(const std::string& sockets, const std::string& lxcpath, const std::string& name) {
    return sockets.find(fmt::format(" @{}/{}/command\n", lxcpath, name)) != std::string::npos;
}

std::vector<LxcContainer> find_containers(const std::string& lxcpath) {
    // Fails where the folder cannot be read
    (void)base::open_file(lxcpath, O_RDONLY | O_DIRECTORY);
    const std::string folder = base::clean_path(std::filesystem::absolute(lxcpath).string());
    const std::string sockets = base::try_read_file("/proc/net/unix").value_or("");
    std::vector<LxcContainer> found;
    for (const std::string& name : base::list_folder(folder)) {
        const std::string config = fmt::format("{}/{}/config", folder, name);
        if (base::exists(config))
            found.push_back({name, config, has_monitor(sockets, folder, name)});
    }
    return found;
}

}  // namespace lxvirt::driver::native
