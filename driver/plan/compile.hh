// From a domain to the helper's launch plan. Reads the host (is there such a device, what is its
// number, who owns that folder) but makes nothing; what is missing is an error that names it,
// before anything was made. `lxsh plan` and every start go through here.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "driver/store/live.hh"
#include "driver/store/root.hh"
#include "helper/plan.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// What compiling asks of the host; tests answer for it.
struct HostFacts {
    std::vector<base::Hierarchy> hierarchies;
    struct Device {
        char type = 'c';
        std::uint32_t major = 0, minor = 0;
    };
    // Of a device node; throws Error naming the path where it is no such node.
    std::function<Device(const std::string& path)> device;
    struct Folder {
        uid_t uid = 0;
        bool is_folder = true;
    };
    // Throws SystemError where there is no such path.
    std::function<Folder(const std::string& path)> folder;
    // The file system on a device or in an image: "ext4". Throws Error where it is not known.
    std::function<std::string(const std::string& path)> filesystem_type;
    std::function<bool(const std::string& path)> exists;
    // The whole of a file. Throws SystemError naming it.
    std::function<std::string(const std::string& path)> read;
    // What an interface of type `network` is plugged into (driver/network/ports.hh).
    std::function<xml::Interface(const xml::Interface& interface)> resolve;
    // The device files of a USB device (below /dev): its own, and those of whatever it offers.
    std::function<std::vector<std::string>(const xml::UsbSource& source)> usb_nodes;
    // The id of a running domain's init, for shared namespaces. Throws where it does not run.
    std::function<pid_t(const std::string& name)> init_of;
};
[[nodiscard]] HostFacts host_facts(const Root& root);

struct CompileOptions {
    pid_t helper = 0;  // the supervisor's pid: part of the names made for this run
    bool paused = false;
    bool autodestroy = false;
    bool has_hooks = false;
    std::string uri;
    // Where the container's group goes in each hierarchy; the domain's partition where empty.
    std::string group_folder = {};
    // Takes what does not stop a start but is to be known, a sentence at a time; may be empty.
    std::function<void(const std::string& text)> log = {};
};

// Fills in what only a running domain has: partition, aliases, the names of network devices.
void name_live_domain(xml::Domain& domain, pid_t helper);

// The one that <resource> names, or the usual one.
[[nodiscard]] std::string partition_of(const xml::Domain& domain);
// The container's group, in its partition where `folder` is empty; `helper` 0 gives a name that is
// never made.
[[nodiscard]] std::string outer_group(const xml::Domain& domain, pid_t helper,
                                      const std::string& folder = {});
// The one in it that the container sees as the root of all.
[[nodiscard]] inline std::string inner_group(const std::string& outer) {
    return outer + "/init";
}
// The group of the supervisors beside it, a leaf: of all in a partition, of one in a scope.
[[nodiscard]] std::string helper_group(const std::string& outer);

// The parts of a plan that one device of the domain becomes.
struct DeviceParts {
    std::vector<helper::DeviceNode> nodes;
    std::optional<helper::Mount> mount;
    std::optional<helper::Link> link;
    std::optional<helper::ConsolePlan> console;
};
// `domain` is the one that the device is in, or is to be in; the device has been named.
[[nodiscard]] DeviceParts compile_device(const xml::Device& device, const xml::Domain& domain,
                                         const Root& root, const HostFacts& host);

// What the driver keeps about each device that has a number. A loop device's is 0 until it is
// attached.
[[nodiscard]] std::vector<MadeDevice> made_devices(const helper::Plan& plan, const HostFacts& host);
[[nodiscard]] std::vector<MadeDevice> made_devices(const DeviceParts& parts, const HostFacts& host);

// What the container may open: what every one may, and the numbers of its devices.
[[nodiscard]] std::vector<base::DeviceRule> device_rules(const xml::Domain& domain,
                                                         const HostFacts& host,
                                                         const std::vector<MadeDevice>& made);

// `domain` has been through name_live_domain(). Throws base::Exception naming what cannot be done.
[[nodiscard]] helper::Plan compile_plan(const xml::Domain& domain, const Root& root,
                                        const HostFacts& host, const CompileOptions& options);

// The plan as text for people: one line per field, nested by two spaces, defaults left out.
[[nodiscard]] std::string format_plan(const helper::Plan& plan);

}  // namespace lxvirt::driver
