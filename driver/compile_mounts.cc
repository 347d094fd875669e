// What the container sees below /, in the order in which it is mounted: the root, proc, sys, the
// cgroup trees, /dev, the domain's other <filesystem>s, and last what hides or write-protects parts
// of /proc and /sys.
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>

#include "base/error.hh"
#include "driver/compile_parts.hh"

namespace lxvirt::driver::compile {

namespace {

using helper::Mount;
using helper::MountKind;

constexpr std::uint64_t kNoSuidDevExec = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

Mount fresh(std::string fstype, std::string target, std::uint64_t attributes,
            std::vector<helper::KeyValue> options = {}) {
    return {.kind = MountKind::fresh,
            .source = fstype,
            .target = std::move(target),
            .fstype = fstype,
            .options = std::move(options),
            .attributes = attributes};
}

Mount protect(std::string path, std::uint64_t attributes = MOUNT_ATTR_RDONLY) {
    return {.kind = MountKind::inner_bind,
            .source = path,
            .target = path,
            .fstype = {},
            .options = {},
            .attributes = attributes,
            .optional = true};
}

}  // namespace

Mount filesystem_mount(const xml::Domain& domain, const xml::Filesystem& filesystem,
                       const HostFacts& host) {
    Mount mount;
    mount.target = filesystem.target;
    mount.source = filesystem.source;
    mount.attributes = filesystem.readonly ? MOUNT_ATTR_RDONLY : 0;
    switch (filesystem.type) {
        case xml::FilesystemType::mount:
            mount.kind = MountKind::host_bind;
            mount.idmapped = wants_idmap(domain, host, filesystem.source);
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
            mount.idmapped = !domain.idmap.empty();
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

// The container's own subtree, which its cgroup namespace shows as the whole. Laid out as the
// host's.
void add_cgroups(std::vector<Mount>& mounts, const HostFacts& host) {
    const auto& all = host.hierarchies;
    if (all.size() == 1 && all.front().unified) {
        mounts.push_back(fresh("cgroup2", "/sys/fs/cgroup", kNoSuidDevExec));
        return;
    }
    mounts.push_back(
        fresh("tmpfs", "/sys/fs/cgroup", kNoSuidDevExec, {{"mode", "755"}, {"size", "65536"}}));
    for (const base::Hierarchy& hierarchy : all) {
        std::vector<helper::KeyValue> options;
        std::string option;
        for (const char c : hierarchy.options + ",") {
            if (c != ',') {
                option += c;
                continue;
            }
            const auto equals = option.find('=');
            if (!option.empty())
                options.push_back({option.substr(0, equals),
                                   equals == std::string::npos ? "" : option.substr(equals + 1)});
            option.clear();
        }
        mounts.push_back(fresh(hierarchy.unified ? "cgroup2" : "cgroup",
                               "/sys/fs/cgroup/" + hierarchy.name, kNoSuidDevExec, options));
    }
}

}  // namespace

// A tree that already belongs to the container's ids is mounted as it is; one that still has the
// host's is shifted by an id-mapped mount.
bool wants_idmap(const xml::Domain& domain, const HostFacts& host, const std::string& source) {
    if (domain.idmap.empty()) return false;
    const uid_t owner = host.folder(source).uid;
    const auto& rows = domain.idmap.uids.empty() ? domain.idmap.gids : domain.idmap.uids;
    return std::none_of(rows.begin(), rows.end(), [&](const xml::IdMapRow& row) {
        return owner >= row.target && owner - row.target < row.count;
    });
}

std::vector<Mount> mounts(const xml::Domain& domain, const HostFacts& host,
                          const helper::Namespaces& namespaces) {
    const bool own_network = (namespaces.fresh & CLONE_NEWNET) != 0;
    std::vector<Mount> made{root_mount(domain, host)};
    made.push_back(fresh("proc", "/proc", kNoSuidDevExec));
    made.push_back(protect("/proc/sys"));
    if (own_network) {
        // Writable copies over the read-only one.
        for (const char* path : {"/proc/sys/net/ipv4", "/proc/sys/net/ipv6"}) {
            Mount writable = protect(path, 0);
            writable.clear_attributes = MOUNT_ATTR_RDONLY;
            made.push_back(writable);
        }
    }
    if (own_network || namespaces.uid_map.empty()) {
        made.push_back(fresh("sysfs", "/sys", kNoSuidDevExec | MOUNT_ATTR_RDONLY));
    } else {
        // A new sysfs shows the network of its namespace, which a user namespace must own to mount
        // it.
        made.push_back({.kind = MountKind::host_bind,
                        .source = "/sys",
                        .target = "/sys",
                        .fstype = {},
                        .options = {},
                        .attributes = kNoSuidDevExec | MOUNT_ATTR_RDONLY,
                        .recursive = false});
    }
    add_cgroups(made, host);
    made.push_back(
        {.kind = MountKind::dev, .source = {}, .target = "/dev", .fstype = {}, .options = {}});
    for (const xml::Filesystem& filesystem : domain.filesystems)
        if (filesystem.target != "/") made.push_back(filesystem_mount(domain, filesystem, host));
    for (const char* path : {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger"})
        made.push_back(protect(path));
    for (const char* path :
         {"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/scsi",
          "/proc/timer_list", "/sys/devices/virtual/powercap", "/sys/firmware"})
        made.push_back(
            {.kind = MountKind::mask, .source = {}, .target = path, .fstype = {}, .options = {}});
    return made;
}

}  // namespace lxvirt::driver::compile
