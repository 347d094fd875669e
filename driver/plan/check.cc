#include "driver/plan/check.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/netlink/netlink.hh"
#include "base/process/process.hh"
#include "base/text/text.hh"
#include "driver/plan/parts.hh"
#include "helper/objects/links.hh"

namespace lxvirt::driver {

namespace {

// Looks the init up as the container will see it: no link leads out of its root.
void check_init(const xml::Domain& domain, const std::string& root) {
    const base::UniqueFd folder = base::open_file(root, O_PATH | O_DIRECTORY);
    const auto init = base::try_open_in_root(folder, domain.os.init, O_PATH);
    if (!init)
        base::fail(
            base::ErrorCode::internal_error,
            "cannot find init path '{}' relative to container root '{}': No such file or directory",
            domain.os.init, root);
    struct stat info {};
    if (::fstat(init->get(), &info) != 0) base::fail_errno("stat init '{}'", domain.os.init);
    // The helper runs the init with execve(2), which needs a regular file and a bit of execution;
    // whose bit does not matter to root.
    if (!S_ISREG(info.st_mode) || (info.st_mode & 0111) == 0)
        base::fail(base::ErrorCode::config_unsupported,
                   "init '{}' in '{}' is not an executable file", domain.os.init, root);
}

// Says whether a path is below another <filesystem>, which is not mounted now.
bool covered_by_filesystem(const xml::Domain& domain, const std::string& path) {
    for (const xml::Filesystem& filesystem : domain.filesystems)
        if (filesystem.target != "/" && path.starts_with(filesystem.target + "/")) return true;
    return false;
}

// Checks that the source is there. Other types have no source on the host: a tmpfs, or a path in
// the container.
void check_filesystem(const xml::Domain& domain, const xml::Filesystem& filesystem) {
    const bool on_host = filesystem.type == xml::FilesystemType::mount ||
                         filesystem.type == xml::FilesystemType::file ||
                         filesystem.type == xml::FilesystemType::block;
    if (!on_host) return;
    if (!base::exists(filesystem.source))
        base::fail_with(errno, "filesystem on '{}': source '{}'", filesystem.target,
                        filesystem.source);
    if (filesystem.target == "/" && filesystem.type == xml::FilesystemType::mount &&
        !xml::is_layered(domain.container) &&  // it may be in another layer
        !covered_by_filesystem(domain, domain.os.init))
        check_init(domain, filesystem.source);
}

// Checks that the bridge or device is there; a missing one is named in libvirt's words.
void check_interface(const xml::Interface& interface, base::Netlink& netlink) {
    if (interface.type == xml::InterfaceType::bridge && !netlink.find_link(interface.source))
        helper::fail_no_bridge(interface.source, interface.target.empty()
                                                     ? "of interface " + interface.mac
                                                     : interface.target);
    if (interface.type == xml::InterfaceType::direct && !netlink.find_link(interface.source))
        base::fail_with(ENODEV, "Unable to get index for interface {}", interface.source);
}

}  // namespace

namespace {

// Reads an id map. The first column of each line has the ids in our own numbering
// (user_namespaces(7)), and the targets of <idmap> are in that numbering, too.
std::vector<xml::IdMapRow> own_ids(const std::string& file) {
    std::vector<xml::IdMapRow> rows;
    for (const base::IdRange& range : base::read_id_map(file))
        rows.push_back({.start = range.inside, .target = range.inside, .count = range.count});
    return rows;
}

// Says whether every container may open the character device: memory devices, terminals and fuse.
bool is_allowed_to_all(dev_t device) {
    constexpr unsigned memory = 1, terminal = 5, miscellaneous = 10, fuse = 229;
    return major(device) == memory || major(device) == terminal ||
           (major(device) == miscellaneous && minor(device) == fuse);
}

}  // namespace

std::vector<std::string> notices_of_ids(const xml::Domain& domain, const HostFacts& host) {
    std::vector<std::string> notices;
    for (const xml::Filesystem& filesystem : domain.filesystems) {
        const auto& entries = domain.container.filesystems;
        const bool said = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
            return entry.target == filesystem.target && entry.idmapped.has_value();
        });
        if (said || filesystem.target == "/" || filesystem.type != xml::FilesystemType::mount ||
            !host.exists(filesystem.source) ||
            !compile::wants_idmap(domain, host, filesystem.source))
            continue;
        notices.push_back(fmt::format(
            "filesystem on '{0}' keeps the host's ids; older versions of lxvirt showed it through "
            "the <idmap>. <lx:filesystem target='{0}' idmap='container'/> in <lx:container> asks "
            "for that, and idmap='none' says that the host's ids are meant",
            filesystem.target));
    }
    return notices;
}

std::vector<std::string> notices_of_sources(const xml::Domain& domain) {
    std::vector<std::string> notices;
    if (!domain.container.device_rules.empty()) return notices;  // they may allow it
    for (const xml::Filesystem& filesystem : domain.filesystems) {
        struct stat info {};
        if (filesystem.type != xml::FilesystemType::mount ||
            ::stat(filesystem.source.c_str(), &info) != 0)
            continue;
        const bool block = S_ISBLK(info.st_mode);
        if (!block && !S_ISCHR(info.st_mode)) continue;
        if (!block && is_allowed_to_all(info.st_rdev)) continue;
        const char* const element = block ? "block" : "char";
        notices.push_back(fmt::format(
            "filesystem on '{0}': its source '{1}' is a device node, which the container may not "
            "open there; a <hostdev mode='capabilities' type='{2}'> with "
            "<source><{3}>{1}</{3}></source> gives it the device",
            filesystem.target, filesystem.source, block ? "storage" : "misc", element));
    }
    return notices;
}

std::vector<std::string> notices_of_root(const xml::Domain& domain, const HostFacts& host) {
    const xml::Filesystem* const root = domain.root();
    if (root == nullptr || root->type != xml::FilesystemType::mount || domain.idmap.empty() ||
        !host.exists(root->source) || !compile::wants_idmap(domain, host, root->source))
        return {};
    for (std::string path = root->source;; path = base::parent_folder(path)) {
        struct stat info {};
        // A folder on the way that others cannot enter keeps them out.
        if (::stat(path.c_str(), &info) != 0 || (info.st_mode & S_IXOTH) == 0) return {};
        if (path == "/" || path.empty()) break;
    }
    return {fmt::format(
        "other users of this host can enter the root folder '{}': a set-user-ID program that root "
        "of the container makes there runs as the host's root when they execute it; "
        "chmod 0700 '{}' or a folder above it keeps them out",
        root->source, root->source)};
}

xml::IdMap host_ids() {
    return {own_ids("/proc/self/uid_map"), own_ids("/proc/self/gid_map")};
}

void check_startable(const xml::Domain& domain) {
    for (const xml::Filesystem& filesystem : domain.filesystems)
        check_filesystem(domain, filesystem);
    // A domain without a root uses the host's files.
    if (domain.root() == nullptr) check_init(domain, "/");
    if (domain.interfaces.empty()) return;
    base::Netlink netlink;
    for (const xml::Interface& interface : domain.interfaces) check_interface(interface, netlink);
}

}  // namespace lxvirt::driver
