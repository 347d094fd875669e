// A domain as plain data: what <domain type='lxc'> says (libvirt's formatdomain.html, the part its
// LXC driver honours), one struct per element, named as the element. Parsed by parse_domain(),
// checked across elements by it too, written by format_domain(). Nothing here touches the system.
//
// Units: memory in KiB, as libvirt keeps it; sizes of filesystems in bytes; cpu period and quota in
// microseconds. Absent means std::nullopt or an empty string, exactly where the XML may omit it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/container.hh"
#include "xml/domain/device.hh"

namespace lxvirt::xml {

enum class LifecycleAction { destroy, restart, rename_restart, preserve };

struct IdMapRow {
    std::uint32_t start = 0;   // first id inside
    std::uint32_t target = 0;  // first id on the host
    std::uint32_t count = 0;
};

struct IdMap {
    std::vector<IdMapRow> uids;
    std::vector<IdMapRow> gids;
    [[nodiscard]] bool empty() const { return uids.empty() && gids.empty(); }
};

struct InitEnv {
    std::string name;
    std::string value;
};

struct Os {
    std::string arch;     // "x86_64", "i686", ...; the host's where the document has none
    std::string machine;  // kept for libvirt's sake; means nothing to a container
    std::string init;
    std::vector<std::string> initargs;
    std::vector<InitEnv> initenv;
    std::string initdir;
    std::string inituser;   // name, id or "+id", resolved inside the container
    std::string initgroup;  // likewise
    std::string cmdline;
};

struct MemTune {  // KiB; absent = unlimited
    std::optional<std::uint64_t> hard_limit;
    std::optional<std::uint64_t> soft_limit;
    std::optional<std::uint64_t> swap_hard_limit;  // memory + swap
};

struct CpuTune {
    std::optional<std::uint64_t> shares;
    std::optional<std::uint64_t> period;  // us
    std::optional<std::int64_t> quota;    // us, negative = unlimited
};

struct BlkioDevice {
    std::string path;
    std::optional<std::uint32_t> weight;
    std::optional<std::uint64_t> read_bytes_sec, write_bytes_sec;
    std::optional<std::uint64_t> read_iops_sec, write_iops_sec;
};

struct BlkioTune {
    std::optional<std::uint32_t> weight;
    std::vector<BlkioDevice> devices;
};

enum class NumaMode { strict, preferred, interleave, restrictive };

struct NumaTune {
    NumaMode mode = NumaMode::strict;
    bool automatic = false;  // placement='auto'
    std::string nodeset;     // "0-1,3", canonical
};

enum class CapabilitiesPolicy { default_, allow, deny };

struct CapabilityState {
    std::string name;  // libvirt's element name: "sys_admin"
    bool on = true;
};

struct Features {
    bool privnet = false;
    // Elements that libvirt accepts for any domain (acpi, apic, pae ...), kept as they came.
    std::vector<std::string> plain;
    std::optional<CapabilitiesPolicy> policy;
    std::vector<CapabilityState> capabilities;
};

struct Timer {
    std::string name;  // rtc, hpet, ...
    std::optional<bool> present;
    std::string tickpolicy, track, mode;
    std::optional<std::uint64_t> frequency;
    std::optional<std::uint64_t> catchup_threshold, catchup_slew, catchup_limit;
};

struct Clock {
    std::string offset = "utc";  // utc, localtime, timezone, variable, absolute
    std::string timezone;
    bool adjustment_reset = false;           // adjustment='reset', for utc and localtime
    std::optional<std::int64_t> adjustment;  // seconds, for variable
    std::string basis;
    std::optional<std::int64_t> start;  // for absolute
    std::vector<Timer> timers;
};

enum class ShareType { none, name, pid, netns };

struct SharedNamespace {
    ShareType type = ShareType::none;
    std::string value;
};

// <lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>
struct LxcNamespace {
    std::optional<SharedNamespace> sharenet, shareipc, shareuts;
};

struct SecurityLabel {
    std::string type;  // dynamic, static, none
    std::string model;
    std::optional<bool> relabel;
    std::string label, baselabel, imagelabel;
};

// <controller>: comes with disks of a bus that has controllers, see DriveAddress.
struct Controller {
    std::string type;  // scsi, ide, sata, fdc
    unsigned index = 0;
};

struct Domain {
    // Out of line, in domain.cc: each of the many files that have one would make its own.
    Domain();
    Domain(const Domain&);
    Domain(Domain&&) noexcept;
    Domain& operator=(const Domain&);
    Domain& operator=(Domain&&) noexcept;
    ~Domain();

    std::optional<std::int32_t> id;  // of a running domain only: the helper's pid
    std::string name;
    std::string uuid;  // lower case with dashes; made at random where the document has none
    std::string title;
    std::string description;
    // Every child element of <metadata>, in order, serialised as it stands below <metadata> in a
    // document; see metadata.hh for one of them by itself.
    std::vector<std::string> metadata;
    std::uint64_t memory = 0;          // KiB
    std::uint64_t current_memory = 0;  // KiB
    std::uint32_t vcpus = 1;
    std::optional<std::uint32_t> current_vcpus;
    std::string vcpu_placement = "static";
    std::string cpuset;  // "0-1,3", canonical; empty = all
    BlkioTune blkiotune;
    MemTune memtune;
    CpuTune cputune;
    std::optional<NumaTune> numatune;
    std::string partition;  // empty = "/machine"
    IdMap idmap;
    Os os;
    Features features;
    Clock clock;
    LifecycleAction on_poweroff = LifecycleAction::destroy;
    LifecycleAction on_reboot = LifecycleAction::restart;
    LifecycleAction on_crash = LifecycleAction::destroy;
    std::string emulator;     // empty where the document has none until defaults are filled in
    std::vector<Disk> disks;  // in libvirt's order, see add_disk()
    std::vector<Controller> controllers;
    std::vector<Filesystem> filesystems;
    std::vector<Interface> interfaces;
    std::vector<Hostdev> hostdevs;
    std::vector<Console> consoles;
    std::vector<SecurityLabel> seclabels;
    std::optional<LxcNamespace> lxc_namespace;
    Container container;

    // The filesystem mounted on "/"; null where the domain shares the host's root.
    [[nodiscard]] const Filesystem* root() const;
};

// Whether a process inside may have the capability ("sys_admin"), by policy and state.
[[nodiscard]] bool keeps_capability(const Features& features, std::string_view name);

// Whether the rows of an id map give the container this id.
[[nodiscard]] bool holds_id(const std::vector<IdMapRow>& rows, std::uint32_t id);

// Adds a disk where libvirt puts it, with the bus, address and controller that it would make up.
void add_disk(Domain& domain, Disk disk);

// Whether the container gets a network namespace: an interface, a net hostdev or <privnet/>.
// Without one it shares the host's (libvirt's meaning), or that of <lxc:sharenet>.
[[nodiscard]] bool has_own_network(const Domain& domain);

}  // namespace lxvirt::xml
