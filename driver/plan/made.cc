// Compiles one device at a time: its parts of a plan, what is recorded about it, and the device
// rules of all devices.
#include <linux/capability.h>

#include "driver/plan/parts.hh"

namespace lxvirt::driver {

namespace {

MadeDevice made_node(const helper::DeviceNode& node) {
    MadeDevice made{.device = node.device, .type = node.type, .readonly = node.readonly};
    made.major = node.major;
    made.minor = node.minor;
    made.path = node.path;
    made.loop = !node.loop_file.empty();
    return made;
}

// Only a file system on a device is recorded; the kernel's own and the host's trees have no number.
std::optional<MadeDevice> made_mount(const helper::Mount& mount, const HostFacts& host) {
    if (mount.kind != helper::MountKind::device || mount.device.empty()) return std::nullopt;
    MadeDevice made{.device = mount.device, .readonly = mount.filesystem_readonly, .path = {}};
    made.loop = mount.loop;
    if (mount.loop) return made;  // no process inside needs to open it
    const HostFacts::Device device = host.device(mount.source);
    made.type = device.type;
    made.major = device.major;
    made.minor = device.minor;
    return made;
}

// Visits a device and compiles it with the function of its kind.
struct Compiler {
    const xml::Domain& domain;
    const Root& root;
    const HostFacts& host;

    DeviceParts operator()(const xml::Disk& disk) const {
        return {.nodes = {compile::disk_node(disk, domain, host)}};
    }
    DeviceParts operator()(const xml::Filesystem& filesystem) const {
        DeviceParts parts;
        parts.mount = compile::filesystem_mount(domain, filesystem, host);
        compile::lock_attributes(domain, *parts.mount);
        return parts;
    }
    DeviceParts operator()(const xml::Interface& interface) const {
        DeviceParts parts;
        parts.link = compile::link(interface, domain, root, host);
        return parts;
    }
    DeviceParts operator()(const xml::Hostdev& hostdev) const {
        DeviceParts parts;
        parts.nodes = compile::hostdev_nodes(hostdev, domain, host);
        if (hostdev.type == xml::HostdevType::net)
            parts.link = compile::moved_link(hostdev, domain, root);
        return parts;
    }
    DeviceParts operator()(const xml::Console& console) const {
        DeviceParts parts;
        parts.console = compile::console(console, domain, root);
        return parts;
    }
};

}  // namespace

DeviceParts compile_device(const xml::Device& device, const xml::Domain& domain, const Root& root,
                           const HostFacts& host) {
    return std::visit(Compiler{domain, root, host}, device);
}

// Nodes without an alias are those of every container.
std::vector<MadeDevice> made_devices(const helper::Plan& plan, const HostFacts& host) {
    std::vector<MadeDevice> made;
    for (const helper::DeviceNode& node : plan.dev.nodes)
        if (!node.device.empty()) made.push_back(made_node(node));
    for (const helper::Mount& mount : plan.mounts)
        if (auto one = made_mount(mount, host)) made.push_back(std::move(*one));
    return made;
}

std::vector<MadeDevice> made_devices(const DeviceParts& parts, const HostFacts& host) {
    std::vector<MadeDevice> made;
    for (const helper::DeviceNode& node : parts.nodes) made.push_back(made_node(node));
    if (parts.mount)
        if (auto one = made_mount(*parts.mount, host)) made.push_back(std::move(*one));
    return made;
}

namespace {

// Appends the rules of what every container may use.
void add_usual_rules(const xml::Domain& domain, std::vector<base::DeviceRule>& rules) {
    for (const helper::DeviceNode& node : compile::standard_nodes(domain))
        rules.push_back({.type = node.type, .major = node.major, .minor = node.minor});
    rules.push_back({.type = 'c', .major = 10, .minor = 229});            // /dev/fuse
    rules.push_back({.type = 'c', .major = 136, .minor = std::nullopt});  // pseudo-terminals
    // A container that keeps CAP_MKNOD may make any node, as package managers do, but still open
    // only those that a rule allows.
    if (xml::keeps_capability(domain, "mknod"))
        rules.push_back({.type = 'a',
                         .major = std::nullopt,
                         .minor = std::nullopt,
                         .access = base::kDeviceMknod});
}

}  // namespace

// The order is: the usual devices, unless the definition's own list begins with the denial of
// everything; that list; the devices that the definition names one by one, which must work whatever
// the list says. A loop device without a number yet gets its rule from the helper, at the end.
std::vector<base::DeviceRule> device_rules(const xml::Domain& domain, const HostFacts& host,
                                           const std::vector<MadeDevice>& made) {
    std::vector<base::DeviceRule> rules;
    const std::vector<base::DeviceRule> own = compile::container_rules(domain);
    if (own.empty() || !own.front().is_whole() || own.front().allow) add_usual_rules(domain, rules);
    rules.insert(rules.end(), own.begin(), own.end());
    for (const helper::DeviceNode& node : compile::timer_nodes(domain, host))
        rules.push_back({.type = node.type, .major = node.major, .minor = node.minor});
    for (const MadeDevice& one : made)
        if (one.type != 0 && (!one.loop || one.major != 0))
            rules.push_back(base::device_rule(one.type, one.major, one.minor, one.readonly));
    const std::vector<base::DeviceRule> nodes = compile::node_rules(domain, host);
    rules.insert(rules.end(), nodes.begin(), nodes.end());
    return rules;
}

}  // namespace lxvirt::driver
