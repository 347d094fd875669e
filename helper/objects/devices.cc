#include "helper/objects/devices.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/uninterrupted.hh"
#include "helper/objects/locked_mount.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

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
        if (mount.attributes != 0 && (mount.locked || mount.target != "/"))
            base::change_mount(tree, {.set = mount.attributes, .recursive = mount.recursive},
                               mount.source);
        if (mount.locked) tree = lock_attributes(tree, mount.source);
        return finish_mount(std::move(tree), mount);
    }
    base::MountOptions options;
    for (const KeyValue& option : mount.options) {
        options.emplace_back(option.key, option.value);
        // The work folder of an overlay is made as lxc makes it; it is of no use to anybody else.
        if (option.key == "workdir") base::make_folders(option.value);
    }
    try {
        UniqueFd made = base::make_mount(mount.fstype, device, options, mount.attributes,
                                         mount.filesystem_readonly);
        if (mount.locked) made = lock_attributes(made, mount.source);
        return finish_mount(std::move(made), mount);
    } catch (const base::SystemError& error) {
        base::fail_with(error.error(), "mount '{}' on '{}' as {}", mount.source, mount.target,
                        mount.fstype);
    }
}

UniqueFd open_writable_root(const Mount& root) {
    if (!root.locked || root.kind != MountKind::host_bind) return {};
    Mount writable = root;
    writable.locked = false;
    return open_mount(writable, root.source);
}

UniqueFd make_fresh(const Mount& mount) {
    base::MountOptions options;
    for (const KeyValue& option : mount.options) options.emplace_back(option.key, option.value);
    return finish_mount(base::make_mount(mount.fstype, mount.source, options, mount.attributes),
                        mount);
}

}  // namespace lxvirt::helper
