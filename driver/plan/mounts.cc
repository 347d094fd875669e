// What the container sees below /, in the order in which it is mounted: the root, proc, sysfs, the
// control groups, /dev, the write-protected and hidden parts of /proc and /sys, and then the
// domain's other filesystems. While files of the kernel are protected, nothing of the domain's is
// mounted that could stand in the way.
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/mount.hh"
#include "driver/plan/parts.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::compile {

namespace {

using helper::Mount;
using helper::MountKind;

// The kernel's log, which rsyslog and others read as long as they run.
constexpr std::string_view kKernelLog = "/proc/kmsg";

// Returns a file system that is made inside the container's namespaces; the target must not be
// reached through a link.
Mount fresh(const std::string& fstype, std::string target, std::uint64_t attributes,
            std::vector<helper::KeyValue> options = {}) {
    return {.kind = MountKind::fresh,
            .source = fstype,
            .target = std::move(target),
            .fstype = fstype,
            .options = std::move(options),
            .attributes = attributes,
            .no_links = true};
}

}  // namespace

Mount mask(std::string path) {
    const bool waits = path == kKernelLog;
    return over(waits ? MountKind::quiet : MountKind::mask, std::move(path));
}

Mount over(MountKind kind, std::string path) {
    Mount mount;
    mount.kind = kind;
    mount.target = std::move(path);
    if (kind == MountKind::protect) mount.attributes = MOUNT_ATTR_RDONLY;
    return mount;
}

namespace {

// Says whether a <filesystem> is shown through the id map: the root, unless its tree has the
// container's ids already, and another path of the host only where <lx:filesystem idmap> asks for
// it, as in libvirt and lxc. Through a mapped share, root inside reads and writes whatever the
// host's root owns there, and can leave set-user-ID programs of the host's root.
bool shows_mapped(const xml::Domain& domain, const HostFacts& host,
                  const xml::Filesystem& filesystem) {
    if (domain.idmap.empty()) return false;
    for (const xml::ContainerFilesystem& entry : domain.container.filesystems)
        if (entry.target == filesystem.target && entry.idmapped) return *entry.idmapped;
    if (filesystem.target != "/") return false;
    return filesystem.type != xml::FilesystemType::mount ||
           wants_idmap(domain, host, filesystem.source);
}

// Says whether the mounts below a path of the host are shown, too.
bool shows_submounts(const xml::Domain& domain, const xml::Filesystem& filesystem) {
    const auto& entries = domain.container.filesystems;
    return std::none_of(entries.begin(), entries.end(), [&](const xml::ContainerFilesystem& entry) {
        return entry.target == filesystem.target && !entry.submounts;
    });
}

}  // namespace

// The mount of an image or device is made from the host, since a container may not mount block
// devices.
Mount filesystem_mount(const xml::Domain& domain, const xml::Filesystem& filesystem,
                       const HostFacts& host) {
    Mount mount;
    mount.target = filesystem.target;
    mount.source = filesystem.source;
    mount.attributes = filesystem.readonly ? MOUNT_ATTR_RDONLY : 0;
    switch (filesystem.type) {
        case xml::FilesystemType::mount:
            mount.kind = MountKind::host_bind;
            mount.idmapped = shows_mapped(domain, host, filesystem);
            mount.recursive = shows_submounts(domain, filesystem);
            break;
        case xml::FilesystemType::bind: mount.kind = MountKind::inner_bind; break;
        case xml::FilesystemType::ram:
            mount.kind = MountKind::fresh;
            mount.source = mount.fstype = "tmpfs";
            mount.options = {{"size", std::to_string(filesystem.usage)}, {"mode", "755"}};
            mount.attributes |= MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
            break;
        case xml::FilesystemType::block:
        case xml::FilesystemType::file:
            mount.kind = MountKind::device;
            mount.loop = filesystem.type == xml::FilesystemType::file;
            mount.fstype = host.filesystem_type(filesystem.source);
            mount.filesystem_readonly = filesystem.readonly;
            mount.idmapped = shows_mapped(domain, host, filesystem);
            mount.recursive = false;
            mount.device = filesystem.alias;
            break;
        case xml::FilesystemType::template_:
            base::fail(base::ErrorCode::config_unsupported,
                       "filesystem type 'template' on '{}' is not supported", filesystem.target);
    }
    return mount;
}

namespace {

// Returns the root. Without a <filesystem> on "/" the container sees the host's root, as in
// libvirt.
Mount root_mount(const xml::Domain& domain, const HostFacts& host) {
    if (const xml::Filesystem* root = domain.root()) {
        if (root->type == xml::FilesystemType::bind || root->type == xml::FilesystemType::ram)
            base::fail(base::ErrorCode::config_unsupported,
                       "the filesystem on '/' must be of type mount, block or file");
        if (root->type == xml::FilesystemType::mount && !host.folder(root->source).is_folder)
            base::fail(base::ErrorCode::config_unsupported,
                       "root directory '{}' is not a directory", root->source);
        return filesystem_mount(domain, *root, host);
    }
    Mount whole;
    whole.kind = MountKind::host_bind;
    whole.source = whole.target = "/";
    return whole;
}

// Says whether <lx:readonly state='off'> or <lx:mask state='off'> lifts a default protection.
bool lifts(const std::vector<xml::ContainerPath>& paths, std::string_view path) {
    return std::any_of(
        paths.begin(), paths.end(),
        [&](const xml::ContainerPath& one) { return !one.on && one.path == path; });
}

// Adds the default protections, except for those that the domain lifts. In a user namespace the kernel
// lets nobody open its log (CAP_SYSLOG of the initial one), so no mask is needed.
void add_protections(std::vector<Mount>& mounts, const xml::Container& container, bool own_network,
                     bool user_namespace) {
    for (const std::string_view path : xml::kReadonlyPaths) {
        if (lifts(container.readonly_paths, path)) continue;
        mounts.push_back(over(MountKind::protect, std::string(path)));
        if (path != "/proc/sys" || !own_network) continue;
        // The network's settings belong to the container's own namespace, and those of the host are
        // absent or read-only in every other: a writable copy is mounted over the protected tree. It
        // is one mount on a folder that all network namespaces share, so it also serves those that
        // are made inside, where ipv4 is another folder.
        mounts.push_back(over(MountKind::protect, "/proc/sys/net"));
        mounts.back().attributes = 0;
        mounts.back().clear_attributes = MOUNT_ATTR_RDONLY;
        // This file switches hooks on for the whole host, from any network namespace.
        mounts.push_back(over(MountKind::protect, "/proc/sys/net/netfilter/nf_hooks_lwtunnel"));
    }
    for (const std::string_view path : xml::kMaskedPaths)
        if (!lifts(container.masked_paths, path) && !(user_namespace && path == kKernelLog))
            mounts.push_back(mask(std::string(path)));
}

}  // namespace

// A root that belongs to the container's ids already is mounted as it is; a root that has the
// host's ids is mounted through the id map.
bool wants_idmap(const xml::Domain& domain, const HostFacts& host, const std::string& source) {
    if (domain.idmap.empty()) return false;
    const uid_t owner = host.folder(source).uid;
    const auto& rows = domain.idmap.uids.empty() ? domain.idmap.gids : domain.idmap.uids;
    return std::none_of(rows.begin(), rows.end(), [&](const xml::IdMapRow& row) {
        return owner >= row.target && owner - row.target < row.count;
    });
}

// Without an id map the container's root is trusted with CAP_SYS_ADMIN, and needs it for any mount.
void lock_attributes(const xml::Domain& domain, Mount& mount) {
    constexpr std::uint64_t narrowing = MOUNT_ATTR_RDONLY | base::kNoSuidDevExec;
    const bool hosts = mount.kind == MountKind::host_bind || mount.kind == MountKind::device;
    mount.locked = hosts && (mount.attributes & narrowing) != 0 && !domain.idmap.empty() &&
                   xml::keeps_capability(domain, "sys_admin");
}

// Returns all mounts in the order in which they are attached, the root first.
std::vector<Mount> mounts(const xml::Domain& domain, const HostFacts& host,
                          const helper::Namespaces& namespaces) {
    const bool own_network = (namespaces.fresh & CLONE_NEWNET) != 0;
    std::vector<Mount> made{root_mount(domain, host)};
    made.push_back(fresh("proc", "/proc", base::kNoSuidDevExec));
    if (own_network || namespaces.uid_map.empty()) {
        made.push_back(fresh("sysfs", "/sys", base::kNoSuidDevExec | MOUNT_ATTR_RDONLY));
    } else {
        // A new sysfs shows the network namespace of whoever mounts it, and that namespace must
        // belong to the same user namespace; a shared one does not, so the host's sysfs is bound.
        made.push_back({.kind = MountKind::host_bind,
                        .source = "/sys",
                        .target = "/sys",
                        .fstype = {},
                        .options = {},
                        .attributes = base::kNoSuidDevExec | MOUNT_ATTR_RDONLY,
                        .recursive = false,
                        .no_links = true});
    }
    // The container's own subtree, which its cgroup namespace shows as the whole tree.
    made.push_back(over(MountKind::groups, "/sys/fs/cgroup"));
    made.back().attributes = base::kNoSuidDevExec;
    made.back().no_links = true;
    made.push_back(over(MountKind::dev, "/dev"));
    made.back().no_links = true;
    add_protections(made, domain.container, own_network, !namespaces.uid_map.empty());
    for (const xml::Filesystem& filesystem : domain.filesystems)
        if (filesystem.target != "/") made.push_back(filesystem_mount(domain, filesystem, host));
    return made;
}

}  // namespace lxvirt::driver::compile
