// Writes the root, what is mounted below it, and devices of the host.
#include <fmt/format.h>

#include <algorithm>

#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "driver/native/writer.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::native {

namespace {

using xml::Filesystem;
using xml::FilesystemType;

// The octal form \040 is what getmntent(3) decodes.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\' || c == '#')
            out += fmt::format("\\{:03o}", static_cast<unsigned>(c));
        else
            out += c;
    return out;
}

// Returns "srv/web" for "/srv/web": lxc puts the root before a relative target.
std::string relative(std::string_view target) {
    target.remove_prefix(std::min(target.find_first_not_of('/'), target.size()));
    return escaped(target);
}

// Returns a root that convert() recognises; empty where lxc has no such root.
std::string root_path(Writer& writer, const Filesystem& root) {
    const std::string& storage = writer.domain.container.rootfs_storage;
    if (!storage.empty()) {
        writer.approximate("lx:rootfs", fmt::format("'{}' says where the root is, not '{}'",
                                                    storage, root.source));
        return storage;
    }
    switch (root.type) {
        case FilesystemType::mount: return "dir:" + root.source;
        case FilesystemType::file:
            if (root.driver_type == "nbd") return "nbd:" + root.source;
            return "loop:" + root.source;
        case FilesystemType::block:
            return root.source.starts_with("/dev/") ? root.source : "lvm:" + root.source;
        default: return {};
    }
}

// Drops the details of a <filesystem> that no mount entry can express.
void drop_details(Writer& writer, Filesystem& filesystem) {
    const std::string name = fmt::format("of the filesystem on '{}'", filesystem.target);
    if (filesystem.accessmode != xml::AccessMode::passthrough)
        writer.lose("filesystem", fmt::format("the accessmode {}: lxc has none", name));
    filesystem.accessmode = xml::AccessMode::passthrough;
    if (filesystem.space_hard_limit || filesystem.space_soft_limit)
        writer.lose("filesystem", fmt::format("the space limits {}: lxc has none", name));
    filesystem.space_hard_limit.reset();
    filesystem.space_soft_limit.reset();
    const bool loop = filesystem.type == FilesystemType::file;
    if (filesystem.driver_type != (loop ? "loop" : "") ||
        filesystem.driver_format != (loop ? "raw" : "") || !filesystem.wrpolicy.empty())
        writer.lose("filesystem", fmt::format("the driver {}: lxc decides itself", name));
    filesystem.driver_type = loop ? "loop" : "";
    filesystem.driver_format = loop ? "raw" : "";
    filesystem.wrpolicy.clear();
}

// Writes the root. lxc always has one, so a domain that shares the host's root gets the folder "/".
void write_root(Writer& writer, std::vector<Filesystem>& made) {
    const Filesystem* found = writer.domain.root();
    Filesystem root;
    if (found != nullptr) root = *found;
    const std::string path = found == nullptr ? "" : root_path(writer, root);
    if (found == nullptr || path.empty()) {
        writer.approximate("filesystem", found == nullptr
                                             ? "the host's root as a folder"
                                             : "lxc has no such root: the host's as a folder");
        root = {};
        root.source = root.target = "/";
        writer.put("rootfs.path", "dir:/", "filesystem");
    } else if (!writer.put("rootfs.path", path, "filesystem")) {
        return;
    }
    drop_details(writer, root);
    xml::Container& container = writer.domain.container;
    std::string options = root.readonly ? "ro" : "";
    if (!container.rootfs_options.empty())
        options += (options.empty() ? "" : ",") + container.rootfs_options;
    if (!options.empty() && !writer.put("rootfs.options", options, "lx:rootfs"))
        container.rootfs_options.clear();
    made.push_back(std::move(root));
}

// Says whether <lx:filesystem submounts='no'> is about a <filesystem>, which is a plain bind to lxc.
bool is_plain_bind(const xml::Container& container, const Filesystem& filesystem) {
    return std::any_of(
        container.filesystems.begin(), container.filesystems.end(),
        [&](const xml::ContainerFilesystem& entry) {
            return entry.target == filesystem.target && !entry.submounts;
        });
}

// Writes a mount entry; returns false where lxc has no such mount.
bool write_filesystem(Writer& writer, Filesystem& filesystem) {
    // A source that does not exist is treated as a folder: a bind mount needs a target of the same
    // kind.
    const char kind =
        filesystem.type == FilesystemType::mount ? writer.facts.kind(filesystem.source) : 'd';
    const char* create = kind == 'd' || kind == 0 ? "create=dir" : "create=file";
    std::string line;
    if (filesystem.type == FilesystemType::mount) {
        const bool plain = is_plain_bind(writer.domain.container, filesystem);
        line = fmt::format("{} {} none {}{},{} 0 0", escaped(filesystem.source),
                           relative(filesystem.target), plain ? "bind" : "rbind",
                           filesystem.readonly ? ",ro" : "", create);
    } else if (filesystem.type == FilesystemType::ram && !filesystem.readonly) {
        // A tmpfs of lxc has none of these flags by itself, and the mode 1777.
        line = fmt::format("tmpfs {} tmpfs size={},mode=755,nosuid,nodev,{} 0 0",
                           relative(filesystem.target), filesystem.usage, create);
    } else {
        writer.lose(
            "filesystem",
            fmt::format("'{}' of type '{}': lxc.mount.entry cannot say it", filesystem.target,
                        xml::name_of(xml::kFilesystemTypes, filesystem.type)));
        return false;
    }
    if (!writer.put("mount.entry", line, "filesystem")) return false;
    drop_details(writer, filesystem);
    return true;
}

// Leaves those <lx:filesystem> that a mount entry has expressed, in the order of the entries.
void keep_plain_binds(Writer& writer, const std::vector<Filesystem>& made) {
    xml::Container& container = writer.domain.container;
    std::vector<xml::ContainerFilesystem> kept;
    for (const Filesystem& filesystem : made)
        if (filesystem.target != "/" && filesystem.type == FilesystemType::mount &&
            is_plain_bind(container, filesystem))
            kept.push_back({.target = filesystem.target, .idmapped = {}, .submounts = false});
    for (const xml::ContainerFilesystem& entry : container.filesystems)
        if (entry.idmapped) writer.lose("lx:filesystem", "lxc decides by 'idmap=' of each mount");
    if (kept.size() < container.filesystems.size())
        writer.lose("lx:filesystem", "it is about no mount of a path of the host");
    container.filesystems = std::move(kept);
}

}  // namespace

void write_filesystems(Writer& writer) {
    std::vector<Filesystem> made;
    write_root(writer, made);
    for (Filesystem& filesystem : writer.domain.filesystems)
        if (filesystem.target != "/" && write_filesystem(writer, filesystem))
            made.push_back(std::move(filesystem));
    keep_plain_binds(writer, made);
    writer.domain.filesystems = std::move(made);
    xml::Container& container = writer.domain.container;
    std::erase_if(container.mounts, [&](const xml::ContainerMount& mount) {
        std::string line = fmt::format("{} {} {}", escaped(mount.source), relative(mount.target),
                                       mount.type.empty() ? "none" : mount.type);
        if (!mount.options.empty()) line += " " + mount.options;
        return !writer.put("mount.entry", line, "lx:mount");
    });
    // The usual mounts are what convert() assumes, so writing them loses nothing.
    if (are_usual_mounts(container.mount_auto)) container.mount_auto.clear();
    writer.put("mount.auto", container.mount_auto.empty() ? kUsualMounts : container.mount_auto,
               "lx:mount_auto");
}

namespace {

// Writes a node of the host at the same path, and the rule that allows its use; returns false where
// lxc has no such device.
bool write_hostdev(Writer& writer, const xml::Hostdev& device) {
    const bool is_node =
        device.type == xml::HostdevType::misc || device.type == xml::HostdevType::storage;
    if (!is_node) {
        writer.lose("hostdev", "lxc has no usb devices, only their nodes");
        return false;
    }
    if (!writer.put("mount.entry",
                    fmt::format("{} {} none bind,create=file 0 0", escaped(device.source),
                                relative(device.source)),
                    "hostdev"))
        return false;
    std::vector<xml::ContainerHostdev>& seen = writer.domain.container.hostdevs;
    const bool is_hosts =
        std::any_of(seen.begin(), seen.end(), [&](const xml::ContainerHostdev& one) {
            return one.source == device.source && one.host_permissions;
        });
    if (!is_hosts) {
        writer.approximate("lx:hostdev",
                           fmt::format("'{}' has the host's owner and mode", device.source));
        seen.push_back(
            {.source = device.source, .name = {}, .mac = {}, .mtu = {}, .host_permissions = true});
    }
    const auto number = writer.facts.number(device.source);
    if (number)
        writer.put_group("devices.allow", "devices.allow", *number + " rwm", "hostdev");
    else
        writer.approximate("hostdev", fmt::format("'{}' is not there now: its lxc.cgroup2.devices."
                                                  "allow is missing",
                                                  device.source));
    return true;
}

}  // namespace

void write_devices(Writer& writer) {
    xml::Domain& domain = writer.domain;
    // lxc denies no device by itself, so the rules of lxvirt are spelled out. The rules are those
    // of the container's device filter, in the syntax of both cgroup versions, since the reader's
    // lxc may use either.
    const std::vector<xml::ContainerDeviceRule>& own = domain.container.device_rules;
    const bool is_closed = !own.empty() && own.front().is_whole() && !own.front().allow;
    for (const std::string version : {"cgroup", "cgroup2"}) {
        if (!is_closed) {
            writer.put(version + ".devices.deny", "a", "devices");
            for (const std::string_view rule : kContainerDevices)
                writer.put(version + ".devices.allow", rule, "devices");
        }
        for (const xml::ContainerDeviceRule& rule : own)
            writer.put(version + (rule.allow ? ".devices.allow" : ".devices.deny"),
                       rule.is_whole() ? "a" : fmt::format("{} {}", rule.device, rule.access),
                       "lx:device_rules");
    }
    if (!domain.disks.empty()) writer.lose("disk", "lxc mounts file systems and has no disks");
    if (!domain.controllers.empty()) writer.lose("controller", "lxc has no disks");
    domain.disks.clear();
    domain.controllers.clear();
    std::vector<xml::Hostdev> made;
    for (xml::Hostdev& device : domain.hostdevs)
        if (device.type != xml::HostdevType::net && write_hostdev(writer, device))
            made.push_back(device);
    for (xml::Hostdev& device : domain.hostdevs)  // in the order in which convert() returns them
        if (device.type == xml::HostdevType::net) made.push_back(std::move(device));
    // 'managed' has no meaning for a container's device, and lxc has no key for it.
    for (xml::Hostdev& device : made) device.managed.reset();
    domain.hostdevs = std::move(made);
    // convert() returns those of nodes first.
    std::stable_partition(domain.container.hostdevs.begin(), domain.container.hostdevs.end(),
                          [](const xml::ContainerHostdev& seen) { return seen.host_permissions; });
}

}  // namespace lxvirt::driver::native
