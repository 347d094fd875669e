// The devices of a domain as plain data, one struct for each element of <devices>. A document of
// one device (attach-device) is parsed into the same structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lxvirt::xml {

// Says what the source of a disk is: a block device of the host, or an image file.
enum class DiskType { block, file };

// <address type='drive'>: the place of a disk on a scsi, ide, sata or fdc bus. A container has no
// such bus; libvirt derives the address from the target's name and prints it, so it is kept.
struct DriveAddress {
    unsigned controller = 0, bus = 0, target = 0, unit = 0;
};

// <disk>: a block device for the container to use or mount by itself.
struct Disk {
    DiskType type = DiskType::block;
    std::string device = "disk";
    std::string driver_name, driver_type, cache;  // <driver name='lxc' type='raw' cache='none'/>
    std::string source;                           // path on the host
    std::string target;                           // "vdb": the name of the node in /dev
    std::string bus;
    bool readonly = false;
    bool shareable = false;
    std::string serial;
    std::optional<DriveAddress> address;
    std::string alias;  // live only: "disk0"
};

// Says what is mounted: a folder of the host, a folder of the container, a block device, a tmpfs,
// an image file, or an OpenVZ template, which is refused at a start.
enum class FilesystemType { mount, bind, block, ram, file, template_ };
// Kept because libvirt prints it: a container shows files with their own ids, or those of its id
// map.
enum class AccessMode { passthrough, mapped, squash };

// <filesystem>: a mount in the container.
struct Filesystem {
    FilesystemType type = FilesystemType::mount;
    AccessMode accessmode = AccessMode::passthrough;
    std::string driver_type;    // loop, nbd, path, handle
    std::string driver_format;  // raw, qcow2 ...
    std::string wrpolicy;
    std::string source;       // attribute dir, dev, file or name of <source>, by type
    std::uint64_t usage = 0;  // in bytes; ram only; 0: no limit
    std::string target;       // absolute path in the container
    bool readonly = false;
    // The limits are in bytes; lxvirt keeps them and sets no quotas.
    std::optional<std::uint64_t> space_hard_limit, space_soft_limit;
    std::string alias;
};

// Says what the interface is plugged into; direct is a macvlan on a device of the host.
enum class InterfaceType { network, bridge, ethernet, direct };
// Has the modes of macvtap and macvlan (libvirt's formatdomain.html, "Direct attachment").
enum class DirectMode { vepa, bridge, private_, passthrough };

// <ip>: an address that the host gives to one end of a link before the init runs.
struct IpAddress {
    std::string family;   // ipv4 or ipv6
    std::string address;  // as inet_ntop(3) has it
    std::optional<unsigned> prefix;
    std::string peer;  // the other end, of a point-to-point link
};

// <route>: a route that goes with such an address.
struct Route {
    std::string family;  // ipv4, ipv6; empty where the document has none
    std::string address, netmask, gateway;
    std::optional<unsigned> prefix;
    std::optional<unsigned> metric;
};

// Returns the length of a route's network: its prefix, else that of its netmask, else 0 for the
// zero address, else what the address's class implies (libvirt's rule; 64 for IPv6).
[[nodiscard]] unsigned route_prefix(const Route& route);

struct BandwidthLimit {  // rates in kilobytes per second, burst in KiB, as libvirt has them
    std::optional<std::uint64_t> average, peak, floor, burst;
};

// <bandwidth>, as the container sees the directions.
struct Bandwidth {
    std::optional<BandwidthLimit> inbound, outbound;
};

// <vlan><tag>: a VLAN that the interface is in.
struct VlanTag {
    unsigned id = 0;
    std::string native_mode;  // tagged, untagged
};

// <vlan>: all VLANs of an interface; several need trunk='yes'.
struct Vlan {
    bool trunk = false;
    std::vector<VlanTag> tags;
};

// <virtualport>: how the port is known to a switch other than the kernel's bridge.
struct VirtualPort {
    std::string type;
    // Holds name and value of the attributes of <parameters>, in libvirt's order.
    std::vector<std::pair<std::string, std::string>> parameters;
    bool made_up = false;  // the document had no interfaceid, so one was drawn
};

// <interface>: a network device of the container.
struct Interface {
    // Out of line, in domain.cc: each of the many files that have one would make its own.
    Interface();
    Interface(const Interface&);
    Interface(Interface&&) noexcept;
    Interface& operator=(const Interface&);
    Interface& operator=(Interface&&) noexcept;
    ~Interface();

    InterfaceType type = InterfaceType::bridge;
    std::string mac;        // lower case; drawn below 52:54:00 where the document has none
    std::string source;     // name of the network or bridge, or device of the host
    std::string portgroup;  // type network
    std::string portid;     // type network, live
    std::string actual_bridge, actual_dev;  // live: what the network plugged the interface into
    std::optional<DirectMode> mode;         // type direct
    std::vector<IpAddress> source_ips;      // type ethernet: <source><ip/></source>
    std::vector<Route> source_routes;
    std::optional<VirtualPort> virtualport;
    std::vector<IpAddress> ips;
    std::vector<Route> routes;
    std::string script;
    std::string target;  // host's end, "vnet0"; empty: chosen at each start
    std::string guest;   // name in the container, "eth0"; empty: chosen at each start
    std::string model;
    std::optional<std::string> filterref;
    std::string filterref_place;  // "FILE:LINE" of <filterref>, for a start that refuses it
    std::vector<std::pair<std::string, std::string>> filter_parameters;
    std::optional<Bandwidth> bandwidth;
    std::optional<Vlan> vlan;
    std::optional<bool> link_up;
    std::optional<unsigned> mtu;   // bytes
    std::optional<bool> isolated;  // <port isolated='yes'/>
    std::string alias;
};

// Says which kind of host device: a node or interface, or a device of a bus.
enum class HostdevMode { capabilities, subsystem };
// Says what the device is; usb goes with HostdevMode::subsystem, the others with capabilities.
enum class HostdevType { storage, misc, net, usb };

// Names a USB device by vendor and product, or by bus and device number.
struct UsbSource {
    std::optional<std::uint16_t> vendor, product;
    std::optional<unsigned> bus, device;
};

// <hostdev>: a device of the host for the container.
struct Hostdev {
    HostdevMode mode = HostdevMode::capabilities;
    HostdevType type = HostdevType::misc;
    std::string source;  // path of the node, or name of the network interface
    UsbSource usb;
    std::optional<bool> managed;
    std::vector<IpAddress> ips;  // type net
    std::vector<Route> routes;
    std::string alias;
};

// Says whether two <hostdev> mean the same device of the host.
[[nodiscard]] bool same_device(const Hostdev& a, const Hostdev& b);

// <console>: a pty of the container that the host can connect to.
struct Console {
    std::string type = "pty";  // a container has pty consoles only
    std::string target_type = "lxc";
    unsigned port = 0;
    std::string source_path;  // path of the host's pty; live only
    std::string tty;          // live only: the same path
    std::string log_file;     // <log file='...' append='on'/>
    std::optional<bool> log_append;
    std::string alias;
};

// Any device that attach-device and detach-device take.
using Device = std::variant<Disk, Filesystem, Interface, Hostdev, Console>;

}  // namespace lxvirt::xml
