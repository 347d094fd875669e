// The part of the launch plan about the container's file systems and its /dev. Include
// helper/exchange/plan.hh instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "helper/exchange/plan_value.hh"

namespace lxvirt::helper {

// Says what is mounted, and from where it is taken.
enum class MountKind : std::uint32_t {
    host_bind,   // a tree of the host, opened before the container exists
    inner_bind,  // a path of the container, opened after the mounts before it
    fresh,       // a new file system, made inside the container's namespaces
    device,      // a file system on a block device or in an image file of the host
    dev,         // the tmpfs of Plan::dev, with its devpts and console nodes
    protect,     // `target` once more on itself, with other attributes
    mask,        // hides `target`: /dev/null on a file, an empty tmpfs on a folder
    groups,      // the container's own group of each hierarchy, in the host's layout
    quiet,       // hides the file `target` by a FIFO that nobody writes, so that a reader waits
};

// Describes one mount.
struct Mount {
    MountKind kind = MountKind::fresh;
    std::string source;  // path on the host or inside, or the file system's source
    std::string target;  // path inside; "/" for the root
    std::string fstype;
    std::vector<KeyValue> options;       // of the file system's driver
    std::uint64_t attributes = 0;        // MOUNT_ATTR_* to set
    std::uint64_t clear_attributes = 0;  // protect: MOUNT_ATTR_* to clear
    bool locked = false;            // of the host: nobody in the container may clear the attributes
    bool recursive = true;          // binds: including the mounts below
    bool idmapped = false;          // mapped by the container's own id map
    std::string idmap;              // mapped by that of another user namespace: "/proc/PID/ns/user"
    std::uint32_t propagation = 0;  // MS_SHARED ...; 0: the usual, from the host and not back
    bool optional = false;          // a mount that cannot be made is passed over
    bool move = false;              // inner_bind: the mount itself, and not a copy of it
    bool loop = false;              // device: `source` is an image file
    bool filesystem_readonly = false;  // device: the file system itself, not just this mount
    bool make_target = true;           // make a missing target
    bool no_links = false;             // refuse a target that is reached through a link
    std::string device;                // alias of the domain's device, "fs1"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("source", self.source);
        visit("target", self.target);
        visit("fstype", self.fstype);
        visit("options", self.options);
        visit("attributes", self.attributes);
        visit("clear_attributes", self.clear_attributes);
        visit("locked", self.locked);
        visit("recursive", self.recursive);
        visit("idmapped", self.idmapped);
        visit("idmap", self.idmap);
        visit("propagation", self.propagation);
        visit("optional", self.optional);
        visit("move", self.move);
        visit("loop", self.loop);
        visit("filesystem_readonly", self.filesystem_readonly);
        visit("make_target", self.make_target);
        visit("no_links", self.no_links);
        visit("device", self.device);
    }
};

// Describes a node in the container's /dev.
struct DeviceNode {
    std::string path;  // below /dev: "null", "bus/usb/001/002"
    char type = 'c';   // 'c' or 'b'
    std::uint32_t major = 0, minor = 0;
    std::uint32_t mode = 0600;       // permission bits
    std::uint32_t uid = 0, gid = 0;  // as the host numbers them
    std::string loop_file;           // image file; its loop device provides major and minor
    bool readonly = false;           // may not be opened for writing
    std::string device;  // alias of the domain's device, "disk0"; empty for a standard node
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("path", self.path);
        visit("type", self.type);
        visit("major", self.major);
        visit("minor", self.minor);
        visit("mode", self.mode);
        visit("uid", self.uid);
        visit("gid", self.gid);
        visit("loop_file", self.loop_file);
        visit("readonly", self.readonly);
        visit("device", self.device);
    }
};

// Describes a symbolic link in the container's /dev.
struct Symlink {
    std::string path;  // below /dev
    std::string target;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("path", self.path);
        visit("target", self.target);
    }
};

struct Dev {                         // describes the tmpfs on /dev and the devpts on /dev/pts
    std::uint64_t size = 1U << 20;   // bytes
    std::uint32_t uid = 0, gid = 0;  // the container's root, as the host numbers it
    std::uint32_t tty_gid = 5;       // group of terminals, as the host numbers it
    std::vector<DeviceNode> nodes;
    std::vector<Symlink> links;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("size", self.size);
        visit("uid", self.uid);
        visit("gid", self.gid);
        visit("tty_gid", self.tty_gid);
        visit("nodes", self.nodes);
        visit("links", self.links);
    }
};

}  // namespace lxvirt::helper
