// The part of the launch plan (helper/plan.hh) that is the container's file systems and its /dev.
// Include that one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "helper/plan_value.hh"

namespace lxvirt::helper {

enum class MountKind : std::uint32_t {
    host_bind,   // a tree of the host, opened before the container exists
    inner_bind,  // a path of the container, opened after the mounts before it
    fresh,       // a new file system, made inside the container's namespaces
    device,      // a file system on a block device or an image file, mounted from the host
    dev,         // the tmpfs of Plan::dev with its devpts and console nodes
    protect,     // `target` over itself with other attributes
    mask,        // hides `target`: /dev/null over a file, an empty read-only tmpfs over a folder
    groups,      // the container's own group of each hierarchy, laid out as the host's are
};

struct Mount {
    MountKind kind = MountKind::fresh;
    std::string source;  // host or inner path, or the file system's source
    std::string target;  // inside; "/" for the root
    std::string fstype;
    std::vector<KeyValue> options;       // of the file system
    std::uint64_t attributes = 0;        // MOUNT_ATTR_*: what is set
    std::uint64_t clear_attributes = 0;  // protect: what is taken away
    bool recursive = true;               // binds: with the mounts below
    bool idmapped = false;               // through the container's id map
    std::string idmap;                   // through that of this user namespace: "/proc/PID/ns/user"
    std::uint32_t propagation = 0;       // MS_SHARED ...; 0 = the usual: from the host, not to it
    bool optional = false;               // a target or source that is absent is passed over
    bool loop = false;                   // device: `source` is an image file
    bool filesystem_readonly = false;    // device: the superblock itself
    bool make_target = true;             // make a missing target
    bool no_links = false;               // a target that is reached through a link is refused
    std::string device;                  // device: the domain's device that this is, "fs1"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("source", self.source);
        visit("target", self.target);
        visit("fstype", self.fstype);
        visit("options", self.options);
        visit("attributes", self.attributes);
        visit("clear_attributes", self.clear_attributes);
        visit("recursive", self.recursive);
        visit("idmapped", self.idmapped);
        visit("idmap", self.idmap);
        visit("propagation", self.propagation);
        visit("optional", self.optional);
        visit("loop", self.loop);
        visit("filesystem_readonly", self.filesystem_readonly);
        visit("make_target", self.make_target);
        visit("no_links", self.no_links);
        visit("device", self.device);
    }
};

struct DeviceNode {
    std::string path;  // below /dev: "null", "bus/usb/001/002"
    char type = 'c';
    std::uint32_t major = 0, minor = 0;
    std::uint32_t mode = 0600;
    std::uint32_t uid = 0, gid = 0;  // on the host
    std::string loop_file;  // an image file to put a loop device on; major and minor follow
    bool readonly = false;  // may be opened for reading only
    std::string device;  // the domain's device that this is, "disk0"; empty for the standard ones
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

struct Symlink {
    std::string path;  // below /dev
    std::string target;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("path", self.path);
        visit("target", self.target);
    }
};

struct Dev {                         // the tmpfs on /dev and the devpts on /dev/pts
    std::uint64_t size = 1U << 20;   // bytes
    std::uint32_t uid = 0, gid = 0;  // the container's root, on the host
    std::uint32_t tty_gid = 5;       // group of terminals, on the host
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
