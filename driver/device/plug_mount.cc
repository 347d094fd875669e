// Mounts of a running container: a detached mount is put in its place, and taken away. No path of
// the container is followed out of its root (openat2(2), RESOLVE_IN_ROOT), and only the container's
// root makes or removes names there (driver/device/mount_point.hh).
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/device/mount_point.hh"
#include "driver/device/plug.hh"
#include "driver/device/plug_parts.hh"
#include "driver/plan/parts.hh"
#include "helper/objects/devices.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::UniqueFd;
using helper::MountKind;

bool is_folder(base::Fd fd, const std::string& name) {
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) base::fail_errno("stat '{}'", name);
    return S_ISDIR(info.st_mode);
}

// Returns whether the mount on the target is the <filesystem>'s source, as far as that can be told
// from outside.
bool is_source(base::Fd mounted, const base::MountEntry& entry, const xml::Filesystem& filesystem) {
    // The container may have put a link to another mount of its own in the way.
    if (filesystem.type != xml::FilesystemType::mount)
        return entry.point == filesystem.target &&
               (filesystem.type != xml::FilesystemType::ram || entry.fstype == "tmpfs");
    struct stat inside {
    }, source{};
    return ::fstat(mounted.get(), &inside) == 0 &&
           ::stat(filesystem.source.c_str(), &source) == 0 && inside.st_dev == source.st_dev &&
           inside.st_ino == source.st_ino;
}

// Returns the mount with this id, or nullopt.
std::optional<base::MountEntry> entry_with(const std::vector<base::MountEntry>& table,
                                           std::uint64_t id) {
    for (const base::MountEntry& entry : table)
        if (entry.id == id) return entry;
    return std::nullopt;
}

bool has_mounts_below(const std::vector<base::MountEntry>& table, std::uint64_t id) {
    for (const base::MountEntry& entry : table)
        if (entry.parent == id) return true;
    return false;
}

}  // namespace

UniqueFd open_detached(const helper::Mount& mount, const std::string& source,
                       const xml::Domain& domain, const Guest& guest) {
    if (mount.kind == MountKind::host_bind || mount.kind == MountKind::device)
        return helper::open_mount(mount, source);
    if (mount.kind == MountKind::fresh) {
        // A file system that is made from outside would have a root folder of the host's root.
        helper::Mount owned = mount;
        owned.options.push_back({"uid", std::to_string(compile::host_id(domain.idmap.uids, 0))});
        owned.options.push_back({"gid", std::to_string(compile::host_id(domain.idmap.gids, 0))});
        return helper::make_fresh(owned);
    }
    const auto inner = base::try_open_in_root(guest.root(), mount.source, O_PATH);
    if (!inner)
        base::fail_with(ENOENT, "bind '{}' of the container on '{}'", mount.source, mount.target);
    // Kernels before 6.15 clone a tree only from the caller's mount namespace (open_tree(2)).
    const base::InMountNamespace inside(guest.mounts());
    UniqueFd tree = base::clone_mount(*inner, mount.recursive, mount.source);
    if (mount.attributes != 0)
        base::change_mount(tree, {.set = mount.attributes, .recursive = mount.recursive},
                           mount.target);
    return tree;
}

void attach_in_guest(const Guest& guest, base::Fd mount, const helper::Mount& plan) {
    MountPoint target(guest, plan.target, is_folder(mount, plan.source));
    {
        const base::InMountNamespace inside(guest.mounts());
        base::attach_mount(mount, target.fd(), plan.target);
    }
    target.keep();
}

std::optional<base::MountEntry> find_filesystem(const Guest& guest,
                                                const xml::Filesystem& filesystem,
                                                const std::vector<MadeDevice>& made) {
    const auto table = guest.mount_table();
    for (const MadeDevice& one : made)
        if (one.mount != 0) return entry_with(table, one.mount);
    const auto object = base::try_open_in_root(guest.root(), filesystem.target, O_PATH);
    if (!object) return std::nullopt;
    const base::MountPlace place = base::mount_place(*object, filesystem.target);
    if (!place.is_root) return std::nullopt;
    auto entry = entry_with(table, place.mount);
    if (!entry || is_source(*object, *entry, filesystem)) return entry;
    base::fail(ErrorCode::operation_failed,
               "filesystem on '{}': the container has mounted '{}' there; unmount that first",
               filesystem.target, entry->source);
}

void detach_in_guest(const Guest& guest, const xml::Filesystem& filesystem,
                     const std::vector<MadeDevice>& made, bool lazily) {
    const auto entry = find_filesystem(guest, filesystem, made);
    if (!entry) return;
    const bool whole_tree = has_mounts_below(guest.mount_table(), entry->id);
    const UniqueFd folder =
        base::open_in_root(guest.root(), base::parent_folder(entry->point), O_PATH | O_DIRECTORY);
    const std::string name = entry->point.substr(entry->point.rfind('/') + 1);
    const base::InMountNamespace inside(guest.mounts());
    // Mounts that came along with a tree go with it (MNT_DETACH); users_of() has looked for whoever
    // uses one.
    base::unmount_in(folder, name, lazily || whole_tree ? MNT_DETACH : 0);
}

}  // namespace lxvirt::driver
