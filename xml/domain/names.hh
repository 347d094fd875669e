// The words of <domain> and its devices, each list once. Their order is libvirt's where an order
// shows in its output (capabilities, features).
#pragma once

#include <array>
#include <string_view>

#include "xml/document/names.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// <on_poweroff>, <on_reboot> and <on_crash> (libvirt's virDomainLifecycleAction).
inline constexpr std::array<Name<LifecycleAction>, 4> kLifecycleActions{{
    {"destroy", LifecycleAction::destroy},
    {"restart", LifecycleAction::restart},
    {"rename-restart", LifecycleAction::rename_restart},
    {"preserve", LifecycleAction::preserve},
}};

// Attribute mode of <numatune><memory>.
inline constexpr std::array<Name<NumaMode>, 4> kNumaModes{{
    {"strict", NumaMode::strict},
    {"preferred", NumaMode::preferred},
    {"interleave", NumaMode::interleave},
    {"restrictive", NumaMode::restrictive},
}};

// Attribute policy of <capabilities>.
inline constexpr std::array<Name<CapabilitiesPolicy>, 3> kCapabilitiesPolicies{{
    {"default", CapabilitiesPolicy::default_},
    {"allow", CapabilitiesPolicy::allow},
    {"deny", CapabilitiesPolicy::deny},
}};

// Attribute type of <lxc:sharenet>, <lxc:shareipc> and <lxc:shareuts>.
inline constexpr std::array<Name<ShareType>, 4> kShareTypes{{
    {"none", ShareType::none},
    {"name", ShareType::name},
    {"pid", ShareType::pid},
    {"netns", ShareType::netns},
}};

// Attribute type of <disk>; the types of other hypervisors are in parse_disk.cc.
inline constexpr std::array<Name<DiskType>, 2> kDiskTypes{{
    {"block", DiskType::block},
    {"file", DiskType::file},
}};

// Attribute type of <filesystem>.
inline constexpr std::array<Name<FilesystemType>, 6> kFilesystemTypes{{
    {"mount", FilesystemType::mount},
    {"bind", FilesystemType::bind},
    {"block", FilesystemType::block},
    {"ram", FilesystemType::ram},
    {"file", FilesystemType::file},
    {"template", FilesystemType::template_},
}};

// Attribute accessmode of <filesystem>.
inline constexpr std::array<Name<AccessMode>, 3> kAccessModes{{
    {"passthrough", AccessMode::passthrough},
    {"mapped", AccessMode::mapped},
    {"squash", AccessMode::squash},
}};

// Attribute type of <interface>; the types of other hypervisors are in kForeignInterfaceTypes.
inline constexpr std::array<Name<InterfaceType>, 4> kInterfaceTypes{{
    {"network", InterfaceType::network},
    {"bridge", InterfaceType::bridge},
    {"ethernet", InterfaceType::ethernet},
    {"direct", InterfaceType::direct},
}};

// Attribute mode of <source> in <interface type='direct'>.
inline constexpr std::array<Name<DirectMode>, 4> kDirectModes{{
    {"vepa", DirectMode::vepa},
    {"private", DirectMode::private_},
    {"bridge", DirectMode::bridge},
    {"passthrough", DirectMode::passthrough},
}};

// Attribute mode of <hostdev>.
inline constexpr std::array<Name<HostdevMode>, 2> kHostdevModes{{
    {"capabilities", HostdevMode::capabilities},
    {"subsystem", HostdevMode::subsystem},
}};

// Attribute type of <hostdev>.
inline constexpr std::array<Name<HostdevType>, 4> kHostdevTypes{{
    {"storage", HostdevType::storage},
    {"misc", HostdevType::misc},
    {"net", HostdevType::net},
    {"usb", HostdevType::usb},
}};

// Lists of words that stay strings in the structs, because lxvirt only checks and keeps them.
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

// The value that libvirt fills in for <emulator>; lxvirt only keeps it.
inline constexpr std::string_view kDefaultEmulator = "/usr/lib/libvirt/libvirt_lxc";

// The paths that every container has write-protected and hidden unless <lx:readonly> or <lx:mask>
// lifts that, and the nodes in its /dev that <lx:node> may leave out.
inline constexpr std::array<std::string_view, 7> kReadonlyPaths{
    "/proc/sys", "/proc/bus",  "/proc/dynamic_debug", "/proc/fs",
    "/proc/irq", "/proc/mtrr", "/proc/sysrq-trigger"};
inline constexpr std::array<std::string_view, 9> kMaskedPaths{
    "/proc/acpi",          "/proc/kcore", "/proc/keys",       "/proc/kmsg",
    "/proc/latency_stats", "/proc/scsi",  "/proc/timer_list", "/sys/devices/virtual/powercap",
    "/sys/firmware"};
inline constexpr std::array<std::string_view, 7> kOptionalNodes{"zero", "full", "random", "urandom",
                                                                "tty",  "ptmx", "tty1"};

// The resources of setrlimit(2), and the hooks of lxc.container.conf(5).
inline constexpr std::array<std::string_view, 16> kLimitNames{
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
inline constexpr std::array<std::string_view, 10> kHookTypes{
    "pre-start", "pre-mount", "mount",     "autodev", "start-host",
    "start",     "stop",      "post-stop", "clone",   "destroy"};

// The first 37 are libvirt's, in its order; the rest came to the kernel later (capabilities(7)).
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

// Elements and types that libvirt has for other hypervisors. They are left out with a notice, or
// refused, but never called unknown.
inline constexpr std::array<std::string_view, 19> kForeignFeatures{
    "hap",        "hyperv", "kvm",  "pvspinlock", "pmu", "vmport",    "gic",
    "smm",        "ioapic", "hpt",  "vmcoreinfo", "htm", "nested-hv", "msrs",
    "ccf-assist", "xen",    "cfpc", "sbbc",       "ibs"};
inline constexpr std::array<std::string_view, 10> kForeignInterfaceTypes{
    "user", "server", "client", "mcast", "internal", "hostdev", "udp", "vhostuser", "vdpa", "null"};

}  // namespace lxvirt::xml
