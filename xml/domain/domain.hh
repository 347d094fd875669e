// A domain as plain data: what <domain type='lxc'> says (libvirt's formatdomain.html, the part that
// its LXC driver honours), with one struct for each element, named as the element. parse_domain()
// fills it and checks the rules across elements, format_domain() writes it. Nothing here touches
// the system.
//
// Units: memory in KiB, as libvirt keeps it; sizes of filesystems in bytes; cpu period and quota in
// microseconds. A value that the XML may omit is a std::optional or an empty string, and is absent
// exactly where the XML omits it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/container.hh"
#include "xml/domain/device.hh"

namespace lxvirt::xml {

// Says what follows the end of the init: <on_poweroff>, <on_reboot>, <on_crash>.
enum class LifecycleAction { destroy, restart, rename_restart, preserve };

// A row of <idmap>, a line of /proc/PID/uid_map or gid_map (user_namespaces(7)).
struct IdMapRow {
    std::uint32_t start = 0;   // first id in the container
    std::uint32_t target = 0;  // first id on the host
    std::uint32_t count = 0;
};

// <idmap>; empty means that the container has no user namespace.
struct IdMap {
    std::vector<IdMapRow> uids;
    std::vector<IdMapRow> gids;
    [[nodiscard]] bool empty() const { return uids.empty() && gids.empty(); }
};

// <initenv name='NAME'>VALUE</initenv>: a variable of the init's environment.
struct InitEnv {
    std::string name;
    std::string value;
};

// <os>: the container's first process, the init.
struct Os {
    std::string arch;     // "x86_64", "i686"; the host's where the document has none
    std::string machine;  // kept because libvirt prints it; has no effect
    std::string init;
    std::vector<std::string> initargs;
    std::vector<InitEnv> initenv;
    std::string initdir;
    std::string inituser;   // name, id or "+id", looked up in the container
    std::string initgroup;  // likewise
    std::string cmdline;
};

struct MemTune {  // <memtune>, in KiB; absent: unlimited
    std::optional<std::uint64_t> hard_limit;
    std::optional<std::uint64_t> soft_limit;
    std::optional<std::uint64_t> swap_hard_limit;  // memory and swap together
};

// <cputune>, with the units of cgroup v1's cpu controller.
struct CpuTune {
    std::optional<std::uint64_t> shares;  // relative weight; v1's default is 1024
    std::optional<std::uint64_t> period;  // in microseconds
    // Microseconds of CPU time in each period; a negative number means no limit.
    std::optional<std::int64_t> quota;
};

// <blkiotune><device>: weight and limits for one block device.
struct BlkioDevice {
    std::string path;
    std::optional<std::uint32_t> weight;
    std::optional<std::uint64_t> read_bytes_sec, write_bytes_sec;  // bytes per second
    std::optional<std::uint64_t> read_iops_sec, write_iops_sec;    // operations per second
};

// <blkiotune>: the container's share of the block devices, and limits for single ones.
struct BlkioTune {
    std::optional<std::uint32_t> weight;
    std::vector<BlkioDevice> devices;
};

// Has the modes of set_mempolicy(2) in libvirt's words.
enum class NumaMode { strict, preferred, interleave, restrictive };

// <numatune><memory>: the nodes from which memory is taken.
struct NumaTune {
    NumaMode mode = NumaMode::strict;
    bool automatic = false;  // placement='auto'; kept, since lxvirt asks no numad
    std::string nodeset;     // nodes in canonical form: "0-1,3"
};

// <capabilities policy='...'>: which capabilities the container has that no element names.
enum class CapabilitiesPolicy { default_, allow, deny };

// <sys_admin state='on'/> and the like, in <capabilities>.
struct CapabilityState {
    std::string name;  // libvirt's name of the element: "sys_admin"
    bool on = true;
};

// <features>: the part that means something to a container, and the part that is only kept.
struct Features {
    bool privnet = false;  // a network namespace also without an interface
    // Keeps the elements that libvirt accepts for any domain (acpi, apic, pae ...) and that have no
    // effect on a container.
    std::vector<std::string> plain;
    std::optional<CapabilitiesPolicy> policy;
    std::vector<CapabilityState> capabilities;
};

// <clock><timer>; kept because libvirt prints it.
struct Timer {
    std::string name;  // rtc, hpet, ...
    std::optional<bool> present;
    std::string tickpolicy, track, mode;
    std::optional<std::uint64_t> frequency;
    std::optional<std::uint64_t> catchup_threshold, catchup_slew, catchup_limit;
};

// <clock>; kept because libvirt prints it: a container has the host's clock.
struct Clock {
    std::string offset = "utc";  // utc, localtime, timezone, variable, absolute
    std::string timezone;
    bool adjustment_reset = false;           // adjustment='reset', for utc and localtime
    std::optional<std::int64_t> adjustment;  // in seconds, for variable
    std::string basis;
    std::optional<std::int64_t> start;  // seconds since 1970, for absolute
    std::vector<Timer> timers;
};

// Says whose namespace is shared: no one's, a domain's, a process's, or a name below /run/netns.
enum class ShareType { none, name, pid, netns };

// <lxc:sharenet type='...' value='...'/> and the like.
struct SharedNamespace {
    ShareType type = ShareType::none;
    std::string value;
};

// <lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>, libvirt's extension for
// shared namespaces.
struct LxcNamespace {
    std::optional<SharedNamespace> sharenet, shareipc, shareuts;
};

// <seclabel>: what a security module confines the init with.
struct SecurityLabel {
    std::string type;   // dynamic, static, none
    std::string model;  // "apparmor", "selinux"
    std::optional<bool> relabel;
    std::string label, baselabel, imagelabel;
};

// <controller>, which libvirt adds for disks of a bus that has controllers; see DriveAddress.
struct Controller {
    std::string type;  // scsi, ide, sata, fdc
    unsigned index = 0;
};

// <domain>: the whole document.
struct Domain {
    // They are defined in domain.cc, since every file that uses a Domain would compile its own.
    Domain();
    Domain(const Domain&);
    Domain(Domain&&) noexcept;
    Domain& operator=(const Domain&);
    Domain& operator=(Domain&&) noexcept;
    ~Domain();

    std::optional<std::int32_t> id;  // of a running domain only: the pid of its helper
    std::string name;
    std::string uuid;  // lower case with dashes; random where the document has none
    std::string title;
    std::string description;
    // Holds every child element of <metadata>, in order, formatted as it stands below <metadata>;
    // metadata.hh handles one of them.
    std::vector<std::string> metadata;
    std::uint64_t memory = 0;          // KiB
    std::uint64_t current_memory = 0;  // KiB
    std::uint32_t vcpus = 1;
    std::optional<std::uint32_t> current_vcpus;
    std::string vcpu_placement = "static";
    std::string cpuset;  // CPUs in canonical form: "0-1,3"; empty: all
    BlkioTune blkiotune;
    MemTune memtune;
    CpuTune cputune;
    std::optional<NumaTune> numatune;
    std::string partition;  // empty: "/machine"
    IdMap idmap;
    Os os;
    Features features;
    Clock clock;
    LifecycleAction on_poweroff = LifecycleAction::destroy;
    LifecycleAction on_reboot = LifecycleAction::restart;
    LifecycleAction on_crash = LifecycleAction::destroy;
    std::string emulator;     // empty until the defaults are filled in
    std::vector<Disk> disks;  // in libvirt's order, see add_disk()
    std::vector<Controller> controllers;
    std::vector<Filesystem> filesystems;
    std::vector<Interface> interfaces;
    std::vector<Hostdev> hostdevs;
    std::vector<Console> consoles;
    std::vector<SecurityLabel> seclabels;
    std::optional<LxcNamespace> lxc_namespace;
    Container container;

    // Returns the filesystem that is mounted on "/"; null where the domain shares the host's root.
    [[nodiscard]] const Filesystem* root() const;
};

// Says whether a process in the container may have the capability `name` ("sys_admin"), by policy
// and state. An id map takes sys_rawio unless an element switches it on: the kernel grants nothing
// for it in a user namespace, and systemd, which takes it for the right to see the kernel's
// debugging file systems, fails to mount them and calls itself degraded.
[[nodiscard]] bool keeps_capability(const Domain& domain, std::string_view name);

// Says whether a path that is to be joined with another stays below it: no part is "." or "..", and
// there is no control character.
[[nodiscard]] bool is_plain_path(std::string_view path);

// Says whether the rows of an id map contain the container's id `id`.
[[nodiscard]] bool holds_id(const std::vector<IdMapRow>& rows, std::uint32_t id);

// Adds a disk at the place where libvirt puts it, with the bus, address and controller that libvirt
// would derive from the target's name.
void add_disk(Domain& domain, Disk disk);

// Says whether the container gets a network namespace of its own: it has an interface, a net
// hostdev or <privnet/>. Without one it shares the host's, as in libvirt, or that of
// <lxc:sharenet>.
[[nodiscard]] bool has_own_network(const Domain& domain);

}  // namespace lxvirt::xml
