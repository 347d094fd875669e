#include "driver/native/containers.hh"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::driver::native {

// A running container's monitor listens on the abstract socket @LXCPATH/NAME/command, which
// /proc/net/unix lists with a leading '@' at the end of the line.
bool has_monitor(const std::string& sockets, const std::string& lxcpath, const std::string& name) {
    return sockets.find(fmt::format(" @{}/{}/command\n", lxcpath, name)) != std::string::npos;
}

std::vector<NativeContainer> find_containers(const std::string& lxcpath) {
    (void)base::open_file(lxcpath, O_RDONLY | O_DIRECTORY);  // says why it cannot be read
    const std::string folder = base::clean_path(std::filesystem::absolute(lxcpath).string());
    const std::string sockets = base::try_read_file("/proc/net/unix").value_or("");
    std::vector<NativeContainer> found;
    for (const std::string& name : base::list_folder(folder)) {
        const std::string config = fmt::format("{}/{}/config", folder, name);
        if (base::exists(config))
            found.push_back({name, config, has_monitor(sockets, folder, name)});
    }
    return found;
}

}  // namespace lxvirt::driver::native
