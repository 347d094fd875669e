#include "helper/prepare.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/loop_device.hh"
#include "base/file/mount.hh"
#include "base/uninterrupted.hh"
#include "helper/objects/devices.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

// Attaches an image to a loop device, and keeps that for the domain's device `device`.
base::LoopDevice attach_loop(const std::string& file, bool readonly, const std::string& device,
                             Prepared& prepared) {
    base::LoopDevice loop = base::attach_loop(file, readonly);
    prepared.loops.push_back(
        {{.device = device, .major = loop.major, .minor = loop.minor}, std::move(loop.fd)});
    return loop;
}

// Makes a node, for an image file with a loop device of its own.
void make_node(const InnerDev& dev, DeviceNode node, Prepared& prepared) {
    if (!node.loop_file.empty()) {
        const base::LoopDevice loop =
            attach_loop(node.loop_file, node.readonly, node.device, prepared);
        node.major = loop.major;
        node.minor = loop.minor;
        prepared.loop_rules.push_back(
            base::device_rule('b', node.major, node.minor, node.readonly));
    }
    dev.make_node(node);
}

// Makes the tmpfs of /dev in a mount that is attached nowhere yet. The init attaches what the
// container is to see of it (helper/objects/inner_dev.hh).
void make_dev(const Plan& plan, Prepared& prepared) {
    const Dev& dev = plan.dev;
    prepared.dev_whole = base::make_mount(
        "tmpfs", "lxvirt-dev", {{"mode", "700"}, {"size", std::to_string(dev.size)}},
        // Nodes are allowed here (no MOUNT_ATTR_NODEV), and programs are not.
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    struct stat info {};
    if (::fstat(prepared.dev_whole.get(), &info) != 0) base::fail_errno("stat the new /dev");
    prepared.dev_number = info.st_dev;
    InnerDev::set_up(prepared.dev_whole, dev.uid, dev.gid);
    const InnerDev& inner = prepared.dev.emplace(prepared.dev_whole);
    for (const DeviceNode& node : dev.nodes) make_node(inner, node, prepared);
    const base::Fd shown = inner.shown();
    for (const Symlink& link : dev.links)
        if (::symlinkat(link.target.c_str(), shown.get(), link.path.c_str()) != 0 ||
            ::fchownat(shown.get(), link.path.c_str(), dev.uid, dev.gid, AT_SYMLINK_NOFOLLOW) != 0)
            base::fail_errno("make the link '/dev/{}'", link.path);
    if (std::any_of(plan.mounts.begin(), plan.mounts.end(),
                    [](const Mount& mount) { return mount.kind == MountKind::quiet; }))
        prepared.quiet = inner.make_quiet(dev.uid, dev.gid);
    if (::mkdirat(shown.get(), "pts", 0755) != 0) base::fail_errno("make folder '/dev/pts'");
    // N consoles have the files tty1 to ttyN, and the first one has the file console as well.
    if (!plan.consoles.empty()) inner.make_file("console", dev.uid, dev.gid);
    for (std::size_t i = 0; i < plan.consoles.size(); ++i)
        if (plan.consoles[i].tty) inner.make_file(fmt::format("tty{}", i + 1), dev.uid, dev.gid);
}

// Makes a devpts, each mount of which is an instance of its own
// (Documentation/filesystems/devpts.rst), and the consoles' ptys.
void make_devpts(const Plan& plan, Prepared& prepared) {
    prepared.devpts = base::make_mount("devpts", "devpts",
                                       {{"newinstance", ""},
                                        {"ptmxmode", "0666"},
                                        {"mode", "0620"},
                                        {"gid", std::to_string(plan.dev.tty_gid)}},
                                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    const UniqueFd host = base::open_file("/dev/pts", O_PATH | O_DIRECTORY);
    for (const ConsolePlan& console : plan.consoles) {
        ConsoleEnds ends;
        ends.alias = console.alias;
        ends.container = base::open_pty(prepared.devpts, "the container");
        const std::string number = std::to_string(ends.container.number);
        if (::fchownat(prepared.devpts.get(), number.c_str(), plan.dev.uid, plan.dev.tty_gid,
                       AT_SYMLINK_NOFOLLOW) != 0)
            base::fail_errno("chown the container's '/dev/pts/{}'", number);
        ends.host = base::open_pty(host, "the host");
        ends.host_path = fmt::format("/dev/pts/{}", ends.host.number);
        // The host's end is raw: echo and line editing are done by the container's end.
        base::make_raw(ends.host.master);
        prepared.consoles.push_back(std::move(ends));
    }
}

// Makes the folder of several hierarchies, /sys/fs/cgroup, which on the host is usually a tmpfs,
// too.
UniqueFd make_groups_place(const Mount& mount, const Plan& plan) {
    const auto& hierarchies = plan.groups.hierarchies;
    if (hierarchies.size() == 1 && hierarchies.front().unified) return {};
    UniqueFd place = base::make_mount("tmpfs", "tmpfs",
                                      {{"mode", "755"},
                                       {"size", "65536"},
                                       {"uid", std::to_string(plan.dev.uid)},
                                       {"gid", std::to_string(plan.dev.gid)}},
                                      mount.attributes & ~std::uint64_t{MOUNT_ATTR_RDONLY});
    // The file system becomes read-only, where it should, once the folders are made.
    for (const base::Hierarchy& hierarchy : hierarchies)
        if (::mkdirat(place.get(), hierarchy.name.c_str(), 0755) != 0 && errno != EEXIST)
            base::fail_errno("make folder '{}/{}'", mount.target, hierarchy.name);
    return place;
}

UniqueFd host_mount(const Mount& mount, Prepared& prepared) {
    std::string device = mount.source;
    if (mount.loop)
        device = attach_loop(mount.source, mount.filesystem_readonly, mount.device, prepared).path;
    return open_mount(mount, device);
}

// lxc's "optional" forgives whatever keeps a mount from being made.
UniqueFd host_mount_if_possible(const Mount& mount, Prepared& prepared) {
    try {
        return host_mount(mount, prepared);
    } catch (const base::Exception&) {
        if (!mount.optional) throw;
        return {};
    }
}

}  // namespace

Prepared prepare(const Plan& plan) {
    Prepared prepared;
    make_dev(plan, prepared);
    make_devpts(plan, prepared);
    prepared.writable_root = open_writable_root(plan.mounts.front());
    for (const Mount& mount : plan.mounts) {
        const bool here = mount.kind == MountKind::host_bind || mount.kind == MountKind::device;
        prepared.host_mounts.push_back(here ? host_mount_if_possible(mount, prepared) : UniqueFd());
        if (mount.kind == MountKind::groups) prepared.groups = make_groups_place(mount, plan);
    }
    return prepared;
}

void map_mounts(const Plan& plan, const Prepared& prepared, base::Fd userns) {
    const auto map = [&](base::Fd made, const Mount& mount) {
        if (!mount.idmapped || !made.valid()) return;
        try {
            base::change_mount(
                made, {.set = MOUNT_ATTR_IDMAP, .userns = userns, .recursive = mount.recursive},
                mount.source);
        } catch (const base::SystemError& error) {
            base::fail_with(error.error(),
                            "show '{}' on '{}' through the id map (a file system in it that cannot "
                            "be: <lx:filesystem target='{}' idmap='none'/> shows it as it is)",
                            mount.source, mount.target, mount.target);
        }
    };
    for (std::size_t i = 0; i < plan.mounts.size(); ++i)
        map(prepared.host_mounts[i], plan.mounts[i]);
    map(prepared.writable_root, plan.mounts.front());
}

}  // namespace lxvirt::helper
