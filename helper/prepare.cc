#include "helper/prepare.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file.hh"
#include "base/loop_device.hh"
#include "base/mount.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

// Folders on the way to a node such as "bus/usb/001/002".
void make_dev_folders(base::Fd dev, const std::string& path, const Dev& plan) {
    for (auto slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        if (::mkdirat(dev.get(), folder.c_str(), 0755) == 0) {
            if (::fchownat(dev.get(), folder.c_str(), plan.uid, plan.gid, 0) != 0)
                base::fail_errno("chown '/dev/{}'", folder);
        } else if (errno != EEXIST) {
            base::fail_errno("make folder '/dev/{}'", folder);
        }
    }
}

void make_node(base::Fd dev, DeviceNode node, Prepared& prepared, const Dev& plan) {
    if (!node.loop_file.empty()) {
        base::LoopDevice loop = base::attach_loop(node.loop_file, node.loop_readonly);
        node.major = loop.major;
        node.minor = loop.minor;
        prepared.loops.push_back(std::move(loop.fd));
        prepared.loop_rules.push_back({.type = 'b', .major = node.major, .minor = node.minor});
    }
    make_dev_folders(dev, node.path, plan);
    const mode_t type = node.type == 'b' ? S_IFBLK : S_IFCHR;
    if (::mknodat(dev.get(), node.path.c_str(), type | node.mode,
                  makedev(node.major, node.minor)) != 0)
        base::fail_errno("make device node '/dev/{}'", node.path);
    if ((node.uid != 0 || node.gid != 0) &&
        ::fchownat(dev.get(), node.path.c_str(), node.uid, node.gid, 0) != 0)
        base::fail_errno("chown '/dev/{}'", node.path);
}

// Empty files on which the consoles are bound.
void make_console_places(base::Fd dev, std::size_t consoles, const Dev& plan) {
    for (std::size_t i = 0; i <= consoles && consoles != 0; ++i) {
        const std::string name = i == 0 ? "console" : fmt::format("tty{}", i);
        const UniqueFd file(
            ::openat(dev.get(), name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        if (!file || ::fchown(file.get(), plan.uid, plan.gid) != 0)
            base::fail_errno("make '/dev/{}'", name);
    }
}

void make_dev(const Plan& plan, Prepared& prepared) {
    const Dev& dev = plan.dev;
    prepared.dev = base::make_mount("tmpfs", "lxvirt-dev",
                                    {{"mode", "755"},
                                     {"size", std::to_string(dev.size)},
                                     {"uid", std::to_string(dev.uid)},
                                     {"gid", std::to_string(dev.gid)}},
                                    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    struct stat info {};
    if (::fstat(prepared.dev.get(), &info) != 0) base::fail_errno("stat the new /dev");
    prepared.dev_number = info.st_dev;
    const mode_t before = ::umask(0);
    for (const DeviceNode& node : dev.nodes) make_node(prepared.dev, node, prepared, dev);
    ::umask(before);
    for (const Symlink& link : dev.links)
        if (::symlinkat(link.target.c_str(), prepared.dev.get(), link.path.c_str()) != 0 ||
            ::fchownat(prepared.dev.get(), link.path.c_str(), dev.uid, dev.gid,
                       AT_SYMLINK_NOFOLLOW) != 0)
            base::fail_errno("make the link '/dev/{}'", link.path);
    if (::mkdirat(prepared.dev.get(), "pts", 0755) != 0) base::fail_errno("make folder '/dev/pts'");
    make_console_places(prepared.dev, plan.consoles.size(), dev);
}

// Documentation/filesystems/devpts.rst: every mount is an instance of its own.
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
        if (::fchownat(prepared.devpts.get(), number.c_str(), plan.dev.uid, plan.dev.tty_gid, 0) !=
            0)
            base::fail_errno("chown the container's '/dev/pts/{}'", number);
        ends.host = base::open_pty(host, "the host");
        ends.host_path = fmt::format("/dev/pts/{}", ends.host.number);
        base::make_raw(ends.host.master);
        prepared.consoles.push_back(std::move(ends));
    }
}

UniqueFd host_mount(const Mount& mount, Prepared& prepared) {
    if (mount.kind == MountKind::host_bind) {
        const UniqueFd source(::open(mount.source.c_str(), O_PATH | O_CLOEXEC));
        if (!source && errno == ENOENT && mount.optional) return {};
        if (!source) base::fail_errno("mount '{}' on '{}'", mount.source, mount.target);
        UniqueFd tree = base::clone_mount(source, mount.recursive, mount.source);
        // Mounts that come to the host's tree later show inside; none goes the other way.
        base::change_mount(tree, {.propagation = MS_SLAVE, .recursive = true}, mount.source);
        if (mount.attributes != 0 && mount.target != "/")
            base::change_mount(tree, {.set = mount.attributes, .recursive = mount.recursive},
                               mount.source);
        return tree;
    }
    std::string device = mount.source;
    if (mount.loop) {
        base::LoopDevice loop = base::attach_loop(mount.source, mount.filesystem_readonly);
        device = loop.path;
        prepared.loops.push_back(std::move(loop.fd));
    }
    base::MountOptions options;
    for (const KeyValue& option : mount.options) options.emplace_back(option.key, option.value);
    try {
        return base::make_mount(mount.fstype, device, options, mount.attributes,
                                mount.filesystem_readonly);
    } catch (const base::SystemError& error) {
        base::fail_with(error.error(), "mount '{}' on '{}' as {}", mount.source, mount.target,
                        mount.fstype);
    }
}

}  // namespace

Prepared prepare(const Plan& plan) {
    Prepared prepared;
    make_dev(plan, prepared);
    make_devpts(plan, prepared);
    for (const Mount& mount : plan.mounts) {
        const bool here = mount.kind == MountKind::host_bind || mount.kind == MountKind::device;
        prepared.host_mounts.push_back(here ? host_mount(mount, prepared) : UniqueFd());
    }
    return prepared;
}

void map_mounts(const Plan& plan, const Prepared& prepared, base::Fd userns) {
    for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
        const Mount& mount = plan.mounts[i];
        if (!mount.idmapped || !prepared.host_mounts[i]) continue;
        base::change_mount(
            prepared.host_mounts[i],
            {.set = MOUNT_ATTR_IDMAP, .userns = userns, .recursive = mount.recursive},
            mount.source);
    }
}

}  // namespace lxvirt::helper
