#include "helper/objects/devices.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

// Opens one folder on the way, without following a link; invalid where there is none.
UniqueFd open_step(base::Fd folder, const std::string& name) {
    return base::openat_quietly(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

// Makes one folder on the way where it is missing, and opens it.
UniqueFd make_step(base::Fd folder, const std::string& name, const DeviceNode& node) {
    if (::mkdirat(folder.get(), name.c_str(), 0755) == 0) {
        if (::fchownat(folder.get(), name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0)
            base::fail_errno("chown a folder of '/dev/{}'", node.path);
    } else if (errno != EEXIST) {
        base::fail_errno("make a folder of '/dev/{}'", node.path);
    }
    UniqueFd made = open_step(folder, name);
    if (!made) base::fail_errno("open folder '{}' of '/dev/{}'", name, node.path);
    return made;
}

dev_t number_of(const DeviceNode& node) {
    return ::makedev(node.major, node.minor);
}

mode_t type_of(const DeviceNode& node) {
    return node.type == 'b' ? S_IFBLK : S_IFCHR;
}

// Says whether `name` is a node of the same type and number.
bool is_node(base::Fd folder, const std::string& name, const DeviceNode& node) {
    struct stat info {};
    return ::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           (info.st_mode & S_IFMT) == type_of(node) && info.st_rdev == number_of(node);
}

// Clears the umask for a scope, so that a node gets exactly the mode that is asked for.
class NoUmask {
  public:
    NoUmask() : before_(::umask(0)) {}
    ~NoUmask() { (void)::umask(before_); }
    NoUmask(const NoUmask&) = delete;
    NoUmask& operator=(const NoUmask&) = delete;

  private:
    mode_t before_;
};

}  // namespace

void make_node(base::Fd dev, const DeviceNode& node) {
    const NoUmask no_umask;
    UniqueFd holder;
    base::Fd folder = dev;
    std::string path = node.path;
    if (("/" + path + "/").find("/../") != std::string::npos)
        base::fail(base::ErrorCode::config_unsupported, "'/dev/{}' leads out of /dev", path);
    // The node may come from a hot-plug into a running container, whose root could have put links
    // on the way, so the path is followed step by step.
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/')) {
        UniqueFd next = make_step(folder, path.substr(0, slash), node);
        holder = std::move(next);
        folder = holder;
        path.erase(0, slash + 1);
    }
    if (::mknodat(folder.get(), path.c_str(), type_of(node) | node.mode, number_of(node)) != 0)
        base::fail_errno("make device node '/dev/{}'", node.path);
    // The host's root owns a new node already.
    if ((node.uid == 0 && node.gid == 0) ||
        ::fchownat(folder.get(), path.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    const int error = errno;
    // A node with a wrong owner must not stay, because it is a way to the device.
    (void)::unlinkat(folder.get(), path.c_str(), 0);
    base::fail_with(error, "chown '/dev/{}'", node.path);
}

// Goes down step by step without links, then removes the node and the folders that become empty.
void remove_node(base::Fd dev, const DeviceNode& node) {
    struct Step {
        base::Fd folder;
        std::string name;
    };
    std::vector<UniqueFd> opened;
    std::vector<Step> steps;
    base::Fd folder = dev;
    for (const std::string_view part : base::split(node.path, '/')) {
        if (!steps.empty()) {
            opened.push_back(open_step(folder, steps.back().name));
            if (!opened.back()) return;
            folder = opened.back();
        }
        steps.push_back({folder, std::string(part)});
    }
    const Step last = steps.back();
    // The container's root may have replaced the node; another's file is left alone.
    if (!is_node(last.folder, last.name, node)) return;
    if (::unlinkat(last.folder.get(), last.name.c_str(), 0) != 0 && errno != ENOENT)
        base::fail_errno("remove device node '/dev/{}'", node.path);
    for (steps.pop_back(); !steps.empty(); steps.pop_back())
        if (::unlinkat(steps.back().folder.get(), steps.back().name.c_str(), AT_REMOVEDIR) != 0)
            return;  // other devices are in that folder
}

namespace {

UniqueFd finish_mount(UniqueFd made, const Mount& mount) {
    if (!mount.idmap.empty()) {
        const UniqueFd userns = base::open_file(mount.idmap, O_RDONLY);
        base::change_mount(
            made, {.set = MOUNT_ATTR_IDMAP, .userns = userns, .recursive = mount.recursive},
            mount.source);
    }
    // A shared root would show the container's mounts on the host.
    if (mount.propagation != 0 && mount.target != "/")  // pivot_root(2) takes no shared root
        base::change_mount(made, {.propagation = mount.propagation, .recursive = mount.recursive},
                           mount.source);
    return made;
}

}  // namespace

UniqueFd open_mount(const Mount& mount, const std::string& device) {
    if (mount.kind == MountKind::host_bind) {
        const UniqueFd source = base::open_quietly(mount.source, O_PATH);
        if (!source && errno == ENOENT && mount.optional) return {};
        if (!source) base::fail_errno("mount '{}' on '{}'", mount.source, mount.target);
        UniqueFd tree = base::clone_mount(source, mount.recursive, mount.source);
        // Mounts that are added to the host's tree later appear inside; none goes the other way.
        base::change_mount(tree, {.propagation = MS_SLAVE, .recursive = true}, mount.source);
        if (mount.attributes != 0 && mount.target != "/")
            base::change_mount(tree, {.set = mount.attributes, .recursive = mount.recursive},
                               mount.source);
        return finish_mount(std::move(tree), mount);
    }
    base::MountOptions options;
    for (const KeyValue& option : mount.options) {
        options.emplace_back(option.key, option.value);
        // The work folder of an overlay is made as lxc makes it; it is of no use to anybody else.
        if (option.key == "workdir") base::make_folders(option.value);
    }
    try {
        return finish_mount(base::make_mount(mount.fstype, device, options, mount.attributes,
                                             mount.filesystem_readonly),
                            mount);
    } catch (const base::SystemError& error) {
        base::fail_with(error.error(), "mount '{}' on '{}' as {}", mount.source, mount.target,
                        mount.fstype);
    }
}

UniqueFd make_fresh(const Mount& mount) {
    base::MountOptions options;
    for (const KeyValue& option : mount.options) options.emplace_back(option.key, option.value);
    return finish_mount(base::make_mount(mount.fstype, mount.source, options, mount.attributes),
                        mount);
}

}  // namespace lxvirt::helper
