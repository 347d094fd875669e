#include "base/cgroup/device_rules.hh"

#include <fcntl.h>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::base {

namespace {

UniqueFd open_group(const Hierarchy& hierarchy, const std::string& path) {
    return open_file(hierarchy.mount + path, O_RDONLY | O_DIRECTORY);
}

const Hierarchy& devices_of(const std::vector<Hierarchy>& all) {
    if (const Hierarchy* devices = owner_of(all, "devices")) return *devices;
    fail(ErrorCode::config_unsupported,
         "this host can restrict devices neither by cgroup v2 nor by a v1 devices hierarchy");
}

}  // namespace

void write_device_rules(const std::vector<Hierarchy>& all, const std::string& outer,
                        const std::vector<DeviceRule>& rules) {
    if (const Hierarchy* unified = unified_of(all))
        (void)attach_device_program(open_group(*unified, outer), rules);
    else
        write_device_list(devices_of(all).mount + outer, rules);
}

void change_device_rules(const std::vector<Hierarchy>& all, const std::string& outer,
                         const std::string& inner, const std::vector<DeviceRule>& rules) {
    if (const Hierarchy* unified = unified_of(all)) {
        replace_device_program(open_group(*unified, outer), rules);
    } else {
        const std::string& mount = devices_of(all).mount;
        change_device_list(mount + outer, mount + inner, rules);
    }
}

}  // namespace lxvirt::base
