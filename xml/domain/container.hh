// <lx:container xmlns:lx='urn:lxvirt:domain:1'>, the last child of <domain>, as plain data:
// everything that libvirt's XML has no element for. Most of it is the counterpart of a key of
// lxc.container.conf(5); docs/reference/native-config.md lists these. The grammar is schemas/container.rng.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::xml {

struct ContainerSetting {  // <lx:sysctl>, <lx:proc>, <lx:key>, <lx:option>: name='' value=''
    std::string name, value;
    bool operator==(const ContainerSetting&) const = default;
};

// <lx:prlimit name='nofile' soft='1024' hard='unlimited'/>: a resource limit of the init
// (setrlimit(2)).
struct ContainerLimit {
    std::string name;                         // a word of kLimitNames
    std::optional<std::uint64_t> soft, hard;  // absent: unlimited
    bool operator==(const ContainerLimit&) const = default;
};

// <lx:mount source='' target='' type='' options=''/>: a line of fstab(5) with lxc's options; the
// target is absolute, in the container.
struct ContainerMount {
    std::string source, target, type, options;
    bool operator==(const ContainerMount&) const = default;
};

// <lx:cgroup version='2' name='pids.max' value='100'/>: a value for a file of the container's
// control group.
struct ContainerGroupValue {
    bool unified = false;  // version='2'
    std::string name, value;
    bool operator==(const ContainerGroupValue&) const = default;
};

// <lx:allow device='c 10:200' access='rw'/> or <lx:deny .../> in <lx:device_rules>: a rule about
// devices. Of the rules that match an access the last one decides.
struct ContainerDeviceRule {
    bool allow = true;
    std::string device;  // "a" for all, else "c 10:200", "b *:*"
    std::string access;  // "r", "w", "m" in this order: read, write, make nodes
    bool operator==(const ContainerDeviceRule&) const = default;
    [[nodiscard]] bool is_whole() const { return device == "a"; }
};

// Parses a device and an access in the form of a file of the kernel (cgroup-v1/devices.rst), such as
// "c 10:200 rw", "b *:* m" or "a". Returns nothing for any other text.
[[nodiscard]] std::optional<ContainerDeviceRule> parse_device_rule(std::string_view text,
                                                                   bool allow);
// Adds a rule at the end of a list. Rules before one about all devices, and an allowing rule that
// stands there already with no denial behind it, have no effect and are left out.
void add_device_rule(std::vector<ContainerDeviceRule>& rules, ContainerDeviceRule rule);

struct ContainerHook {  // <lx:hook type='pre-start' command=''/>
    std::string type;   // a word of kHookTypes
    std::string command;
    bool operator==(const ContainerHook&) const = default;
};

// <lx:guard mac='yes' ip='yes' arp='yes' ra='yes' dhcp='yes' bpdu='yes'/>: what the host's end of
// the interface drops (base/netlink/port_guard.hh). An absent attribute leaves it to the network.
struct ContainerGuard {
    std::optional<bool> mac, ip, arp, ra, dhcp, bpdu;
    // Takes what `usual` says of each guard about which this one says nothing.
    void fill_from(const ContainerGuard& usual) {
        for (const auto member :
             {&ContainerGuard::mac, &ContainerGuard::ip, &ContainerGuard::arp, &ContainerGuard::ra,
              &ContainerGuard::dhcp, &ContainerGuard::bpdu})
            if (!(this->*member)) this->*member = usual.*member;
    }
    // Says whether one is asked for, so that a start without it must fail.
    [[nodiscard]] bool asks() const {
        for (const auto& one : {mac, ip, arp, ra, dhcp, bpdu})
            if (one.value_or(false)) return true;
        return false;
    }
    bool operator==(const ContainerGuard&) const = default;
};

// <lx:publish proto='tcp' host='8080' container='80' address='192.0.2.1'/>: a port of the host that
// leads to the container.
struct ContainerPublication {
    std::string proto;  // "tcp" or "udp"
    std::uint16_t host = 0, container = 0;
    std::string address;  // of the host; empty: all of its addresses
    bool operator==(const ContainerPublication&) const = default;
};

// <lx:interface index='0'>: what <interface> has no element for, for the domain's interface of that
// position.
struct ContainerInterface {
    unsigned index = 0;
    std::optional<ContainerGuard> guard;
    std::vector<ContainerPublication> publications;
    std::vector<ContainerSetting> options;  // "ipvlan.mode", "veth.mode" ...
    bool operator==(const ContainerInterface&) const = default;
};

// <lx:readonly path=''/> and <lx:mask path=''/>: a path that is write-protected or hidden, besides
// those of every container; state='off' lifts one of the latter.
struct ContainerPath {
    std::string path;
    bool on = true;
    bool operator==(const ContainerPath&) const = default;
};

struct ContainerNode {  // <lx:node path='/dev/kvm' mode='0660'/>: the host's device of that path
    std::string path;
    std::optional<std::uint32_t> mode;
    bool on = true;  // off: a standard node that the container does without
    bool operator==(const ContainerNode&) const = default;
};

struct ContainerLink {  // <lx:link path='/dev/log' target='/run/log'/>
    std::string path, target;
    bool operator==(const ContainerLink&) const = default;
};

inline constexpr std::uint64_t kLeastDevSize = 4096;  // bytes: one page

struct ContainerDev {                   // <lx:dev size=''>
    std::optional<std::uint64_t> size;  // bytes of the tmpfs on /dev
    std::vector<ContainerNode> nodes;
    std::vector<ContainerLink> links;
    bool operator==(const ContainerDev&) const = default;
};

struct ContainerKeyring {  // <lx:keyring session='no' calls='allow'/>
    bool session = true;   // the init joins a session keyring of its own
    bool calls = false;    // the default filter allows add_key, keyctl and request_key
    bool operator==(const ContainerKeyring&) const = default;
};

struct ContainerCalls {     // <lx:calls vsock='allow' io_uring='allow'/>
    bool vsock = false;     // the default filter allows sockets of AF_VSOCK
    bool io_uring = false;  // and io_uring_setup
    bool operator==(const ContainerCalls&) const = default;
};

// <lx:filesystem target='/srv' idmap='none' submounts='no'/>: how the domain's <filesystem> of that
// target is mounted.
struct ContainerFilesystem {
    std::string target;
    // Shown through the id map. Absent: the host's ids are shown, except for the root.
    std::optional<bool> idmapped;
    bool submounts = true;  // together with what is mounted below the source
    bool operator==(const ContainerFilesystem&) const = default;
};

// <lx:environment name='' value='' for='hooks'/>: a variable of the init alone, or of the hooks
// alone.
struct ContainerVariable {
    std::string name, value;
    bool for_hooks = false;
    bool operator==(const ContainerVariable&) const = default;
};

// <lx:hostdev source='eth1' name='lan0' mac='52:54:00:01:02:03' mtu='1400'/>: how the container sees
// the network device of the domain's <hostdev> with that source.
struct ContainerHostdev {
    std::string source, name, mac;
    std::optional<unsigned> mtu;
    // permissions='host': the node has the owner, the group and the mode of the host's.
    bool host_permissions = false;
    bool operator==(const ContainerHostdev&) const = default;
};

// <lx:container>: its children, in the order in which they are written.
struct Container {
    // Out of line, in domain.cc: each of the many files that have one would make its own.
    Container();
    Container(const Container&);
    Container(Container&&) noexcept;
    Container& operator=(const Container&);
    Container& operator=(Container&&) noexcept;
    ~Container();

    std::string rootfs_options, rootfs_storage;  // <lx:rootfs options='' storage='zfs:pool/x'/>
    std::vector<ContainerMount> mounts;
    std::string mount_auto;  // <lx:mount_auto>: lxc's words, "proc:mixed sys:ro"
    std::vector<ContainerGroupValue> groups;
    // With a first rule that denies everything the container has none of the usual devices.
    std::vector<ContainerDeviceRule> device_rules;
    std::vector<ContainerSetting> sysctls;
    std::vector<ContainerSetting> procs;  // files of /proc/PID of the init: "oom_score_adj"
    std::vector<ContainerLimit> limits;
    bool no_new_privs = false;
    std::vector<std::uint32_t> init_groups;  // <lx:init groups='4,24'/>
    // Names variables of the starting command's environment that the init inherits: <lx:environment
    // name=''/>.
    std::vector<std::string>
        inherited_environment;  // <lx:environment name=''/>: the caller's value
    std::vector<ContainerVariable> variables;
    std::string seccomp_profile;  // <lx:seccomp profile='FILE'/>
    std::vector<ContainerFilesystem> filesystems;
    std::vector<ContainerPath> readonly_paths, masked_paths;
    ContainerDev dev;
    ContainerKeyring keyring;
    ContainerCalls calls;
    bool core_scheduling = false;
    std::string halt_signal, reboot_signal, stop_signal;  // <lx:signal halt='' .../>
    std::string boot_offset, monotonic_offset;            // <lx:time boot='1h' monotonic='-5s'/>
    std::vector<ContainerInterface> interfaces;
    std::vector<ContainerHostdev> hostdevs;
    std::optional<int> start_order;         // <lx:autostart order='' delay=''/>
    std::optional<unsigned> start_delay;    // seconds to wait after starting it
    std::vector<std::string> start_groups;  // <lx:group name=''/>
    unsigned hook_version = 0;              // <lx:hooks version='1'>
    std::vector<ContainerHook> hooks;
    std::vector<ContainerSetting> keys;  // <lx:key>: kept for a conversion back to lxc's form

    bool operator==(const Container& other) const;
    [[nodiscard]] bool empty() const { return *this == Container{}; }
};

// Says whether the root consists of layers: <lx:rootfs storage='overlay:LOWER:UPPER'/>.
[[nodiscard]] bool is_layered(const Container& container);

}  // namespace lxvirt::xml
