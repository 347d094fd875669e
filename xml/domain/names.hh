// The words of <domain> and its devices, each list once. The order is libvirt's where an order shows
// in its output (capabilities, features).
#pragma once

#include <array>
#include <string_view>

#include "xml/document/names.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

inline constexpr std::array<Name<LifecycleAction>, 4> kLifecycleActions{{
    {"destroy", LifecycleAction::destroy},
    {"restart", LifecycleAction::restart},
    {"rename-restart", LifecycleAction::rename_restart},
    {"preserve", LifecycleAction::preserve},
}};

inline constexpr std::array<Name<NumaMode>, 4> kNumaModes{{
    {"strict", NumaMode::strict},
    {"preferred", NumaMode::preferred},
    {"interleave", NumaMode::interleave},
    {"restrictive", NumaMode::restrictive},
}};

inline constexpr std::array<Name<CapabilitiesPolicy>, 3> kCapabilitiesPolicies{{
    {"default", CapabilitiesPolicy::default_},
    {"allow", CapabilitiesPolicy::allow},
    {"deny", CapabilitiesPolicy::deny},
}};

inline constexpr std::array<Name<ShareType>, 4> kShareTypes{{
    {"none", ShareType::none},
    {"name", ShareType::name},
    {"pid", ShareType::pid},
    {"netns", ShareType::netns},
}};

inline constexpr std::array<Name<DiskType>, 2> kDiskTypes{{
    {"block", DiskType::block},
    {"file", DiskType::file},
}};

inline constexpr std::array<Name<FilesystemType>, 6> kFilesystemTypes{{
    {"mount", FilesystemType::mount},
    {"bind", FilesystemType::bind},
    {"block", FilesystemType::block},
    {"ram", FilesystemType::ram},
    {"file", FilesystemType::file},
    {"template", FilesystemType::template_},
}};

inline constexpr std::array<Name<AccessMode>, 3> kAccessModes{{
    {"passthrough", AccessMode::passthrough},
    {"mapped", AccessMode::mapped},
    {"squash", AccessMode::squash},
}};

inline constexpr std::array<Name<InterfaceType>, 4> kInterfaceTypes{{
    {"network", InterfaceType::network},
    {"bridge", InterfaceType::bridge},
    {"ethernet", InterfaceType::ethernet},
    {"direct", InterfaceType::direct},
}};

inline constexpr std::array<Name<DirectMode>, 4> kDirectModes{{
    {"vepa", DirectMode::vepa},
    {"private", DirectMode::private_},
    {"bridge", DirectMode::bridge},
    {"passthrough", DirectMode::passthrough},
}};

inline constexpr std::array<Name<HostdevMode>, 2> kHostdevModes{{
    {"capabilities", HostdevMode::capabilities},
    {"subsystem", HostdevMode::subsystem},
}};

inline constexpr std::array<Name<HostdevType>, 4> kHostdevTypes{{
    {"storage", HostdevType::storage},
    {"misc", HostdevType::misc},
    {"net", HostdevType::net},
    {"usb", HostdevType::usb},
}};

// Lists of words that stay strings in the structs.
inline constexpr std::array<std::string_view, 4> kPlainFeatures{"acpi", "apic", "pae", "viridian"};
inline constexpr std::array<std::string_view, 5> kClockOffsets{"utc", "localtime", "timezone",
                                                               "variable", "absolute"};
inline constexpr std::array<std::string_view, 8> kTimerNames{
    "platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer"};
inline constexpr std::array<std::string_view, 4> kTickPolicies{"delay", "catchup", "merge",
                                                               "discard"};
inline constexpr std::array<std::string_view, 4> kTimerTracks{"boot", "guest", "wall", "realtime"};
inline constexpr std::array<std::string_view, 5> kTimerModes{"auto", "native", "emulate",
                                                             "paravirt", "smpsafe"};
inline constexpr std::array<std::string_view, 4> kDiskDevices{"disk", "cdrom", "floppy", "lun"};
inline constexpr std::array<std::string_view, 10> kDiskBuses{
    "ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd", "none"};
inline constexpr std::array<std::string_view, 6> kDiskCaches{
    "default", "none", "writethrough", "writeback", "directsync", "unsafe"};
inline constexpr std::array<std::string_view, 19> kImageFormats{
    "none", "raw",   "dir", "bochs", "cloop", "dmg", "iso",  "vpc", "vdi", "luks",
    "vhd",  "ploop", "cow", "qcow",  "qcow2", "qed", "vmdk", "fat", "auto"};
inline constexpr std::array<std::string_view, 4> kFilesystemDrivers{"path", "handle", "loop",
                                                                    "nbd"};
inline constexpr std::array<std::string_view, 6> kVirtualPorts{
    "none", "802.1Qbg", "802.1Qbh", "openvswitch", "midonet", "network"};
inline constexpr std::array<std::string_view, 8> kConsoleTargets{
    "none", "serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp"};
inline constexpr std::array<std::string_view, 3> kSecurityTypes{"none", "dynamic", "static"};

// What libvirt fills in for <emulator>; nothing of lxvirt's looks at it.
inline constexpr std::string_view kDefaultEmulator = "/usr/lib/libvirt/libvirt_lxc";

// Of <lx:container>: what every container has read-only and hidden, and the devices that it has and
// may do without.
inline constexpr std::array<std::string_view, 7> kReadonlyPaths{
    "/proc/sys", "/proc/bus",  "/proc/dynamic_debug", "/proc/fs",
    "/proc/irq", "/proc/mtrr", "/proc/sysrq-trigger"};
inline constexpr std::array<std::string_view, 9> kMaskedPaths{
    "/proc/acpi",          "/proc/kcore", "/proc/keys",       "/proc/kmsg",
    "/proc/latency_stats", "/proc/scsi",  "/proc/timer_list", "/sys/devices/virtual/powercap",
    "/sys/firmware"};
inline constexpr std::array<std::string_view, 6> kOptionalNodes{"zero",    "full", "random",
                                                                "urandom", "tty",  "ptmx"};

// setrlimit(2)'s resources and lxc.container.conf(5)'s hooks.
inline constexpr std::array<std::string_view, 16> kLimitNames{
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
inline constexpr std::array<std::string_view, 10> kHookTypes{
    "pre-start", "pre-mount", "mount",     "autodev", "start-host",
    "start",     "stop",      "post-stop", "clone",   "destroy"};

// The first 37 are libvirt's, in its order; the rest came to the kernel since (capabilities(7)).
inline constexpr std::array<std::string_view, 41> kCapabilities{"audit_control",
                                                                "audit_write",
                                                                "block_suspend",
                                                                "chown",
                                                                "dac_override",
                                                                "dac_read_search",
                                                                "fowner",
                                                                "fsetid",
                                                                "ipc_lock",
                                                                "ipc_owner",
                                                                "kill",
                                                                "lease",
                                                                "linux_immutable",
                                                                "mac_admin",
                                                                "mac_override",
                                                                "mknod",
                                                                "net_admin",
                                                                "net_bind_service",
                                                                "net_broadcast",
                                                                "net_raw",
                                                                "setgid",
                                                                "setfcap",
                                                                "setpcap",
                                                                "setuid",
                                                                "sys_admin",
                                                                "sys_boot",
                                                                "sys_chroot",
                                                                "sys_module",
                                                                "sys_nice",
                                                                "sys_pacct",
                                                                "sys_ptrace",
                                                                "sys_rawio",
                                                                "sys_resource",
                                                                "sys_time",
                                                                "sys_tty_config",
                                                                "syslog",
                                                                "wake_alarm",
                                                                "audit_read",
                                                                "bpf",
                                                                "checkpoint_restore",
                                                                "perfmon"};

// Elements and types that libvirt knows for other hypervisors: left out with a notice, or refused,
// but not called unknown.
inline constexpr std::array<std::string_view, 19> kForeignFeatures{
    "hap",        "hyperv", "kvm",  "pvspinlock", "pmu", "vmport",    "gic",
    "smm",        "ioapic", "hpt",  "vmcoreinfo", "htm", "nested-hv", "msrs",
    "ccf-assist", "xen",    "cfpc", "sbbc",       "ibs"};
inline constexpr std::array<std::string_view, 10> kForeignInterfaceTypes{
    "user", "server", "client", "mcast", "internal", "hostdev", "udp", "vhostuser", "vdpa", "null"};

}  // namespace lxvirt::xml
