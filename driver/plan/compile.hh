// Compiles a domain to the helper's launch plan. Reads facts of the host (does the device exist,
// what is its number, who owns the folder) but makes nothing: what is missing is an error that
// names it, before anything was made. `lxsh plan` and every start use this.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "driver/network/ports.hh"
#include "driver/store/live.hh"
#include "driver/store/root.hh"
#include "helper/exchange/plan.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Answers the compiler's questions about the host; tests supply answers of their own.
struct HostFacts {
    std::vector<base::Hierarchy> hierarchies;
    struct Device {
        char type = 'c';
        std::uint32_t major = 0, minor = 0;
        std::uint32_t uid = 0, gid = 0, mode = 0600;  // of the node; the permission bits
    };
    // Returns a device node's type, number and permissions. Throws Error that names a path which is no such
    // node.
    std::function<Device(const std::string& path)> device;
    struct Folder {
        uid_t uid = 0;
        bool is_folder = true;
    };
    // Returns who owns a path, and whether it is a folder. Throws SystemError where it does not
    // exist.
    std::function<Folder(const std::string& path)> folder;
    // Returns the file system on a device or in an image, such as "ext4". Throws Error where it is
    // not recognised.
    std::function<std::string(const std::string& path)> filesystem_type;
    std::function<bool(const std::string& path)> exists;
    // Returns the whole content of a file. Throws SystemError that names it.
    std::function<std::string(const std::string& path)> read;
    // Returns an interface of type `network` as what the network plugs it into
    // (driver/network/ports.hh).
    std::function<xml::Interface(const xml::Interface& interface)> resolve;
    // Returns the guards of a port on the interface's network.
    std::function<NetworkGuard(const xml::Interface& interface)> guard;
    // Returns the device files of a USB device (below /dev): its own, and those of whatever it
    // offers.
    std::function<std::vector<std::string>(const xml::UsbSource& source)> usb_nodes;
    // Returns the pid of a running domain's init, for shared namespaces. Throws Error where the
    // domain does not run.
    std::function<pid_t(const std::string& name)> init_of;
};
// Returns the answers of the real host. `root` must outlive them.
[[nodiscard]] HostFacts host_facts(const Root& root);

// Says whether AppArmor is switched on in the host's kernel.
[[nodiscard]] bool has_apparmor(const HostFacts& host);

// Says what a plan needs to know besides the domain and the host.
struct CompileOptions {
    pid_t helper = 0;  // the supervisor's pid, which is part of names made for this run
    bool paused = false;
    bool autodestroy = false;
    bool has_hooks = false;  // libvirt's hook scripts exist
    std::string uri;         // of the root, for the driver's process that a reboot calls
    // Names the folder where the container's group goes in each hierarchy; the domain's partition
    // if empty.
    std::string group_folder = {};
    // Receives a line for the domain's log about something that has no effect; may be empty.
    std::function<void(const std::string& text)> log = {};
};

// Fills in what only a running domain has: partition, aliases, and the names of network devices.
void name_live_domain(xml::Domain& domain, pid_t helper);

// Returns the partition that <resource> names, or libvirt's default.
[[nodiscard]] std::string partition_of(const xml::Domain& domain);
// Returns the path of the container's outer group, in the domain's partition if `folder` is empty.
// With `helper` 0 the name is one that is never made.
[[nodiscard]] std::string outer_group(const xml::Domain& domain, pid_t helper,
                                      const std::string& folder = {});
// Returns the group in it that the container sees as the root of all groups.
[[nodiscard]] inline std::string inner_group(const std::string& outer) {
    return outer + "/init";
}
// Returns the supervisors' group beside it, which holds processes only: one for all supervisors of
// a partition, or one in a scope.
[[nodiscard]] std::string helper_group(const std::string& outer);

// The parts of a plan that one device of the domain becomes.
struct DeviceParts {
    std::vector<helper::DeviceNode> nodes;
    std::optional<helper::Mount> mount;
    std::optional<helper::Link> link;
    std::optional<helper::ConsolePlan> console;
};
// Compiles one device, for hot-plug. `domain` contains the device, or is about to; the device has
// its names. Throws as compile_plan() does.
[[nodiscard]] DeviceParts compile_device(const xml::Device& device, const xml::Domain& domain,
                                         const Root& root, const HostFacts& host);

// Return what the driver records about each device that has a number. The number of a loop device
// is 0 until it is attached.
[[nodiscard]] std::vector<MadeDevice> made_devices(const helper::Plan& plan, const HostFacts& host);
[[nodiscard]] std::vector<MadeDevice> made_devices(const DeviceParts& parts, const HostFacts& host);

// Returns which device nodes the container may open: those of every container, and those of its
// devices.
[[nodiscard]] std::vector<base::DeviceRule> device_rules(const xml::Domain& domain,
                                                         const HostFacts& host,
                                                         const std::vector<MadeDevice>& made);

// Compiles the whole plan. name_live_domain() must have been applied to `domain`. Throws
// SystemError or Error that names what cannot be done.
[[nodiscard]] helper::Plan compile_plan(const xml::Domain& domain, const Root& root,
                                        const HostFacts& host, const CompileOptions& options);

// Returns the plan as text for people: one line for each field, nested by two spaces, without
// fields that have their default.
[[nodiscard]] std::string format_plan(const helper::Plan& plan);

}  // namespace lxvirt::driver
