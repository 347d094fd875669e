// The launch plan: everything lxc_helper needs to make one container, as plain data. The driver
// compiles it from the domain, `lxsh plan` prints it, unit tests read it, the helper carries it out
// and knows no XML. Sections stand in the order in which they are carried out; inside a section the
// order counts.
//
// Host paths are absolute. Paths inside the container are absolute there. Every name that the
// helper will make on the host (groups, links) is in here, chosen and written down before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cgroup.hh"
#include "base/device_filter.hh"
#include "base/traffic.hh"

namespace lxvirt::helper {

// Another value is refused: a helper of one build is not handed the plan of another.
inline constexpr std::uint32_t kPlanVersion = 5;

struct KeyValue {
    std::string key, value;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("key", self.key);
        visit("value", self.value);
    }
};

struct IdMapRow {
    std::uint32_t inside = 0, outside = 0, count = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("inside", self.inside);
        visit("outside", self.outside);
        visit("count", self.count);
    }
};

// A namespace that is entered instead of made.
struct SharedNamespace {
    std::uint32_t kind = 0;  // CLONE_NEWNET, CLONE_NEWIPC or CLONE_NEWUTS
    std::string path;        // "/proc/PID/ns/net", "/run/netns/NAME"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("path", self.path);
    }
};

struct Namespaces {
    std::uint32_t fresh = 0;  // CLONE_NEW* made with the init; pid and mount always
    bool cgroup = true;       // unshared by the init once it is in its groups
    std::vector<SharedNamespace> shared;
    std::vector<IdMapRow> uid_map, gid_map;  // empty = no user namespace
    std::string time_offsets;  // lines for /proc/PID/timens_offsets; empty = the host's clocks
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("fresh", self.fresh);
        visit("cgroup", self.cgroup);
        visit("shared", self.shared);
        visit("uid_map", self.uid_map);
        visit("gid_map", self.gid_map);
        visit("time_offsets", self.time_offsets);
    }
};

// A value written into a file of the container's outer group.
struct GroupLimit {
    std::string controller;  // decides the hierarchy
    std::string file, value;
    std::string alternative;  // the file of kernels that have no `file`; may be empty
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("controller", self.controller);
        visit("file", self.file);
        visit("value", self.value);
        visit("alternative", self.alternative);
    }
};

struct Groups {
    std::vector<base::Hierarchy> hierarchies;
    std::string outer;   // "/machine/lxc-PID-NAME.libvirt-lxc": limits and device rules
    std::string inner;   // below it: the root of the container's cgroup namespace
    std::string helper;  // the group of the supervisors themselves
    std::vector<GroupLimit> limits;
    std::vector<base::DeviceRule> devices;
    bool made_by_driver = false;  // while the helper prepares the rest; it waits for a word
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("hierarchies", self.hierarchies);
        visit("outer", self.outer);
        visit("inner", self.inner);
        visit("helper", self.helper);
        visit("limits", self.limits);
        visit("devices", self.devices);
        visit("made_by_driver", self.made_by_driver);
    }
};

enum class MountKind : std::uint32_t {
    host_bind,   // a tree of the host, opened before the container exists
    inner_bind,  // a path of the container, opened after the mounts before it
    fresh,       // a new file system, made inside the container's namespaces
    device,      // a file system on a block device or an image file, mounted from the host
    dev,         // the tmpfs of Plan::dev with its devpts and console nodes
    mask,        // hides `target`: /dev/null over a file, an empty read-only tmpfs over a folder
};

struct Mount {
    MountKind kind = MountKind::fresh;
    std::string source;  // host or inner path, or the file system's source
    std::string target;  // inside; "/" for the root
    std::string fstype;
    std::vector<KeyValue> options;       // of the file system
    std::uint64_t attributes = 0;        // MOUNT_ATTR_*: what is set
    std::uint64_t clear_attributes = 0;  // inner_bind: what is taken away
    bool recursive = true;               // binds: with the mounts below
    bool idmapped = false;               // through the container's id map
    std::string idmap;                   // through that of this user namespace: "/proc/PID/ns/user"
    std::uint32_t propagation = 0;       // MS_SHARED ...; 0 = the usual: from the host, not to it
    bool optional = false;               // a target or source that is absent is passed over
    bool loop = false;                   // device: `source` is an image file
    bool filesystem_readonly = false;    // device: the superblock itself
    bool make_target = true;             // make a missing target
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

enum class LinkKind : std::uint32_t { veth, macvlan, move, ipvlan };

struct PortVlan {
    std::uint32_t id = 0;
    bool untagged = false;  // frames without a tag are of it
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("id", self.id);
        visit("untagged", self.untagged);
    }
};

struct Address {
    std::string address, peer;
    std::uint32_t prefix = 32;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("address", self.address);
        visit("peer", self.peer);
        visit("prefix", self.prefix);
    }
};

struct Route {
    std::string destination, gateway;
    std::uint32_t prefix = 0, metric = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("destination", self.destination);
        visit("gateway", self.gateway);
        visit("prefix", self.prefix);
        visit("metric", self.metric);
    }
};

struct Link {
    LinkKind kind = LinkKind::veth;
    std::string host;   // veth: the host's end; macvlan, ipvlan: the device below; move: the device
    std::string guest;  // name inside; empty for move = keep
    std::string mac;
    std::string bridge;  // veth; empty = none
    std::string alias;   // IFALIAS of what is made on the host
    std::uint32_t macvlan_mode = 0;
    std::uint32_t ipvlan_mode = 0, ipvlan_flags = 0;  // IPVLAN_MODE_*, IPVLAN_F_*
    std::uint32_t rx_queues = 1, tx_queues = 1;       // veth: of both ends
    // veth without a bridge: the host forwards from it and answers there for these addresses
    bool routed = false;
    std::vector<std::string> proxied;
    std::uint32_t mtu = 0;
    bool up = true;         // the guest's end
    bool isolated = false;  // veth: among the bridge's ports
    std::vector<PortVlan> vlans;
    std::optional<base::TrafficLimits> limits;
    std::vector<Address> addresses, host_addresses;
    std::vector<Route> routes, host_routes;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("host", self.host);
        visit("guest", self.guest);
        visit("mac", self.mac);
        visit("bridge", self.bridge);
        visit("alias", self.alias);
        visit("macvlan_mode", self.macvlan_mode);
        visit("ipvlan_mode", self.ipvlan_mode);
        visit("ipvlan_flags", self.ipvlan_flags);
        visit("rx_queues", self.rx_queues);
        visit("tx_queues", self.tx_queues);
        visit("routed", self.routed);
        visit("proxied", self.proxied);
        visit("mtu", self.mtu);
        visit("up", self.up);
        visit("isolated", self.isolated);
        visit("vlans", self.vlans);
        visit("limits", self.limits);
        visit("addresses", self.addresses);
        visit("host_addresses", self.host_addresses);
        visit("routes", self.routes);
        visit("host_routes", self.host_routes);
    }
};

struct ConsolePlan {
    std::string alias;     // "console0"
    std::string log_file;  // absolute; empty = none
    bool log_append = false;
    std::uint64_t log_limit = 2U << 20;  // bytes before it is rotated to FILE.0
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("alias", self.alias);
        visit("log_file", self.log_file);
        visit("log_append", self.log_append);
        visit("log_limit", self.log_limit);
    }
};

struct Rlimit {
    std::uint32_t resource = 0;  // RLIMIT_*
    std::uint64_t soft = 0, hard = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("resource", self.resource);
        visit("soft", self.soft);
        visit("hard", self.hard);
    }
};

struct Init {
    std::vector<std::string> argv;  // argv[0] is the path
    std::vector<std::string> environment;
    std::string folder;
    std::string user, group;  // name, id or "+id", looked up inside
    std::string hostname;
    bool loopback = true;                // raise lo
    bool controlling_terminal = true;    // the first console; real inits hand it to their getty
    std::uint64_t capabilities = ~0ULL;  // what the bounding set keeps
    std::string seccomp;                 // sock_filter records; empty = none
    std::vector<Rlimit> rlimits;
    std::vector<std::uint32_t> groups;  // supplementary, beside those of the user
    bool no_new_privs = false;
    // Written before the init is executed, into its attributes in /proc (proc_pid_attr(5)).
    std::string apparmor, selinux;
    std::vector<KeyValue> proc;     // files of /proc/PID, written by the helper
    std::vector<KeyValue> sysctls;  // below /proc/sys of the container's namespaces
    std::uint32_t personality = 0;  // PER_LINUX32 for a 32-bit arch
    bool personality_set = false;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("argv", self.argv);
        visit("environment", self.environment);
        visit("folder", self.folder);
        visit("user", self.user);
        visit("group", self.group);
        visit("hostname", self.hostname);
        visit("loopback", self.loopback);
        visit("controlling_terminal", self.controlling_terminal);
        visit("capabilities", self.capabilities);
        visit("seccomp", self.seccomp);
        visit("rlimits", self.rlimits);
        visit("groups", self.groups);
        visit("no_new_privs", self.no_new_privs);
        visit("apparmor", self.apparmor);
        visit("selinux", self.selinux);
        visit("proc", self.proc);
        visit("sysctls", self.sysctls);
        visit("personality", self.personality);
        visit("personality_set", self.personality_set);
    }
};

// A command that runs at a moment of the container's life (lxc.container.conf(5), "CONTAINER
// HOOKS").
struct Hook {
    std::string section;  // "lxc", or "net" for what is about one link
    std::string type;     // "pre-mount"; of a link "up" or "down"
    std::string command;
    std::vector<std::string> arguments;  // net: kind, bridge or device below, the host's end
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("section", self.section);
        visit("type", self.type);
        visit("command", self.command);
        visit("arguments", self.arguments);
    }
};

struct Hooks {
    std::vector<Hook> all;
    std::string name;                      // the domain's
    std::uint32_t version = 0;             // 1: what they are told stands in their environment
    std::vector<std::string> environment;  // of every hook
    std::vector<std::string> inner_environment;  // besides, of those in the container's namespaces
    std::string stage;        // where the root stands for them before it becomes the root
    std::uint64_t limit = 0;  // seconds for each, then it is killed
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("all", self.all);
        visit("name", self.name);
        visit("version", self.version);
        visit("environment", self.environment);
        visit("inner_environment", self.inner_environment);
        visit("stage", self.stage);
        visit("limit", self.limit);
    }
};

enum class EndAction : std::uint32_t { destroy, restart };

// What the supervisor does when the container ends, and where it keeps its facts.
struct Supervision {
    std::string uri;         // of the root, for the driver process that a restart calls
    std::string run_folder;  // /run/lxvirt/lxc/NAME
    std::string op_lock;     // /run/lxvirt/lock/NAME.op
    std::string alive_lock;  // /run/lxvirt/lock/NAME.alive
    std::string journal, journal_lock;
    std::string log_file;                 // what the helper has to say
    std::string ended_file;               // how the last run ended
    std::string helper_path, agent_path;  // what a restart executes, and what compiles its plan
    bool has_hooks = false;
    bool autodestroy = false;  // the channel's end is the container's end
    EndAction on_poweroff = EndAction::destroy;
    EndAction on_reboot = EndAction::restart;
    EndAction on_crash = EndAction::destroy;
    bool paused = false;                 // freeze before the init's first instruction
    std::vector<std::string> end_files;  // that go with the container: its ports on networks
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("uri", self.uri);
        visit("run_folder", self.run_folder);
        visit("op_lock", self.op_lock);
        visit("alive_lock", self.alive_lock);
        visit("journal", self.journal);
        visit("journal_lock", self.journal_lock);
        visit("log_file", self.log_file);
        visit("ended_file", self.ended_file);
        visit("helper_path", self.helper_path);
        visit("agent_path", self.agent_path);
        visit("has_hooks", self.has_hooks);
        visit("autodestroy", self.autodestroy);
        visit("on_poweroff", self.on_poweroff);
        visit("on_reboot", self.on_reboot);
        visit("on_crash", self.on_crash);
        visit("paused", self.paused);
        visit("end_files", self.end_files);
    }
};

struct Plan {
    std::uint32_t version = kPlanVersion;
    std::string name, uuid;
    Supervision supervision;
    Groups groups;
    Namespaces namespaces;
    Dev dev;
    std::vector<ConsolePlan> consoles;
    std::vector<Mount> mounts;  // the root first; MountKind::dev is the tmpfs of `dev`
    std::vector<Link> links;
    Init init;
    Hooks hooks;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("name", self.name);
        visit("uuid", self.uuid);
        visit("supervision", self.supervision);
        visit("groups", self.groups);
        visit("namespaces", self.namespaces);
        visit("dev", self.dev);
        visit("consoles", self.consoles);
        visit("mounts", self.mounts);
        visit("links", self.links);
        visit("init", self.init);
        visit("hooks", self.hooks);
    }
};

}  // namespace lxvirt::helper
