// The content of /dev: what every container has, timers, disks, and host devices.
#include <algorithm>

#include "base/error.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver::compile {

namespace {

using helper::DeviceNode;

// A node that every container has.
struct Standard {
    const char* path;
    std::uint32_t major, minor;
};
// Numbers are those of Documentation/admin-guide/devices.txt.
constexpr Standard kStandard[] = {
    {"null", 1, 3},    {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8},
    {"urandom", 1, 9}, {"tty", 5, 0},  {"ptmx", 5, 2},
};

constexpr std::string_view kDevFolder = "/dev/";

// Returns a node that belongs to the container's root.
DeviceNode node_for(const xml::Domain& domain, std::string path, std::uint32_t mode) {
    return {.path = std::move(path),
            .mode = mode,
            .uid = host_id(domain.idmap.uids, 0),
            .gid = host_id(domain.idmap.gids, 0),
            .loop_file = {},
            .device = {}};
}

// Returns a node for a device of the host, at the same path.
DeviceNode hostdev_node(const std::string& path, const xml::Hostdev& hostdev,
                        const xml::Domain& domain, const HostFacts& host) {
    // The node is made at the same path in the container's /dev, so a path elsewhere cannot be
    // kept.
    if (!path.starts_with("/dev/") || path.find("/../") != std::string::npos)
        base::fail(base::ErrorCode::config_unsupported, "hostdev '{}' is not below /dev", path);
    const HostFacts::Device device = host.device(path);
    DeviceNode node = node_for(domain, path.substr(5), 0700);
    node.type = device.type;
    node.major = device.major;
    node.minor = device.minor;
    node.device = hostdev.alias;
    for (const xml::ContainerHostdev& seen : domain.container.hostdevs) {
        if (!seen.host_permissions || seen.source != hostdev.source) continue;
        node.mode = device.mode;
        node.uid = device.uid;
        node.gid = device.gid;
    }
    return node;
}

}  // namespace

bool is_standard_node(std::string_view path) {
    return std::any_of(
        std::begin(kStandard), std::end(kStandard),
        [&](const Standard& standard) {
            return path.starts_with(kDevFolder) && path.substr(kDevFolder.size()) == standard.path;
        });
}

// An image file gets a loop device at the start, and the node its number; a block device has one
// already.
DeviceNode disk_node(const xml::Disk& disk, const xml::Domain& domain, const HostFacts& host) {
    DeviceNode node = node_for(domain, disk.target, 0700);  // the mode that libvirt gives it
    node.type = 'b';
    node.device = disk.alias;
    node.readonly = disk.readonly;
    if (disk.type == xml::DiskType::file) {
        // The loop device shows the file as it is; other formats need a program that reads them.
        if (!disk.driver_type.empty() && disk.driver_type != "raw")
            base::fail(base::ErrorCode::config_unsupported,
                       "disk '{}': format '{}' is not supported, a file must be 'raw'", disk.target,
                       disk.driver_type);
        if (!host.exists(disk.source)) base::fail_with(ENOENT, "Unable to access {}", disk.source);
        node.loop_file = disk.source;
    } else {
        const HostFacts::Device device = host.device(disk.source);
        if (device.type != 'b')
            base::fail(base::ErrorCode::config_unsupported, "Disk source {} must be a block device",
                       disk.source);
        node.major = device.major;
        node.minor = device.minor;
    }
    return node;
}

// Storage must be a block device and misc a character device; USB may be any number of nodes.
std::vector<DeviceNode> hostdev_nodes(const xml::Hostdev& hostdev, const xml::Domain& domain,
                                      const HostFacts& host) {
    std::vector<DeviceNode> nodes;
    switch (hostdev.type) {
        case xml::HostdevType::net: break;
        case xml::HostdevType::usb:
            for (const std::string& path : host.usb_nodes(hostdev.usb))
                nodes.push_back(hostdev_node(path, hostdev, domain, host));
            break;
        case xml::HostdevType::storage:
        case xml::HostdevType::misc:
            nodes.push_back(hostdev_node(hostdev.source, hostdev, domain, host));
            const char wanted = hostdev.type == xml::HostdevType::storage ? 'b' : 'c';
            if (nodes.front().type != wanted)
                base::fail(base::ErrorCode::config_unsupported, "hostdev '{}' is not a {} device",
                           hostdev.source, wanted == 'b' ? "block" : "character");
    }
    return nodes;
}

// The nodes are those that libvirt makes, too.
std::vector<DeviceNode> timer_nodes(const xml::Domain& domain, const HostFacts& host) {
    std::vector<DeviceNode> nodes;
    for (const xml::Timer& timer : domain.clock.timers) {
        // The kernel has device nodes of these two only; other timers are clocks of a virtual
        // machine.
        if (!timer.present.value_or(false) || (timer.name != "rtc" && timer.name != "hpet"))
            continue;
        const std::string path = timer.name == "rtc" ? "/dev/rtc0" : "/dev/hpet";
        const HostFacts::Device device = host.device(path);
        DeviceNode node = node_for(domain, path.substr(5), 0600);
        node.type = device.type;
        node.major = device.major;
        node.minor = device.minor;
        nodes.push_back(std::move(node));
    }
    return nodes;
}

bool is_left_out(const xml::ContainerDev& dev, std::string_view name) {
    return std::any_of(
        dev.nodes.begin(), dev.nodes.end(),
        [&](const xml::ContainerNode& node) {
            return !node.on && node.path.substr(kDevFolder.size()) == name;
        });
}

std::vector<DeviceNode> standard_nodes(const xml::Domain& domain) {
    std::vector<DeviceNode> nodes;
    for (const Standard& standard : kStandard) {
        if (is_left_out(domain.container.dev, standard.path)) continue;
        DeviceNode node = node_for(domain, standard.path, 0666);
        node.major = standard.major;
        node.minor = standard.minor;
        nodes.push_back(std::move(node));
    }
    return nodes;
}

// The group of terminals is 5 in every distribution; devpts gives new terminals to it.
helper::Dev common_dev(const xml::Domain& domain, const HostFacts& host) {
    helper::Dev made;
    made.uid = host_id(domain.idmap.uids, 0);
    made.gid = host_id(domain.idmap.gids, 0);
    made.tty_gid = host_id(domain.idmap.gids, 5);
    made.nodes = standard_nodes(domain);
    made.links = {{"stdin", "/proc/self/fd/0"},
                  {"stdout", "/proc/self/fd/1"},
                  {"stderr", "/proc/self/fd/2"},
                  {"fd", "/proc/self/fd"}};
    for (DeviceNode& node : timer_nodes(domain, host)) {
        if (node.path == "rtc0") made.links.push_back({"rtc", "rtc0"});
        made.nodes.push_back(std::move(node));
    }
    return made;
}

// Changes the mode of standard nodes, and adds nodes of the host and links.
void container_dev(const xml::Domain& domain, const HostFacts& host, helper::Dev& dev) {
    const xml::ContainerDev& from = domain.container.dev;
    if (from.size) dev.size = *from.size;
    for (const xml::ContainerNode& wanted : from.nodes) {
        if (!wanted.on) continue;
        const std::string path = wanted.path.substr(kDevFolder.size());
        const auto had = std::find_if(dev.nodes.begin(), dev.nodes.end(),
                                      [&](const DeviceNode& node) { return node.path == path; });
        // A standard node keeps type and number, and only the mode changes.
        if (had != dev.nodes.end()) {
            had->mode = wanted.mode.value_or(had->mode);
            continue;
        }
        const HostFacts::Device device = host.device(wanted.path);
        // 0660 is the mode of a node whose mode is not given; group and owner are root.
        DeviceNode node = node_for(domain, path, wanted.mode.value_or(0660));
        node.type = device.type;
        node.major = device.major;
        node.minor = device.minor;
        dev.nodes.push_back(std::move(node));
    }
    for (const xml::ContainerLink& link : from.links)
        dev.links.push_back({link.path.substr(kDevFolder.size()), link.target});
}

helper::Dev dev(const xml::Domain& domain, const HostFacts& host) {
    helper::Dev made = common_dev(domain, host);
    for (const xml::Disk& disk : domain.disks) made.nodes.push_back(disk_node(disk, domain, host));
    for (const xml::Hostdev& hostdev : domain.hostdevs)
        for (DeviceNode& node : hostdev_nodes(hostdev, domain, host))
            made.nodes.push_back(std::move(node));
    return made;
}

}  // namespace lxvirt::driver::compile
