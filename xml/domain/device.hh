// The devices of a domain as plain data, one struct per element of <devices>. A device document of
// its own (attach-device) parses into the same structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lxvirt::xml {

enum class DiskType { block, file };

// <address type='drive'>: where a disk of a scsi, ide, sata or fdc bus sits. A container has no
// such bus; libvirt makes the address up from the target's name and prints it, so it is kept.
struct DriveAddress {
    unsigned controller = 0, bus = 0, target = 0, unit = 0;
};

struct Disk {
    DiskType type = DiskType::block;
    std::string device = "disk";
    std::string driver_name, driver_type, cache;  // <driver name='lxc' type='raw' cache='none'/>
    std::string source;                           // host path
    std::string target;                           // "vdb", the node below /dev
    std::string bus;
    bool readonly = false;
    bool shareable = false;
    std::string serial;
    std::optional<DriveAddress> address;
    std::string alias;  // live only
};

enum class FilesystemType { mount, bind, block, ram, file, template_ };
enum class AccessMode { passthrough, mapped, squash };

struct Filesystem {
    FilesystemType type = FilesystemType::mount;
    AccessMode accessmode = AccessMode::passthrough;
    std::string driver_type;    // loop, nbd, path, handle
    std::string driver_format;  // raw, qcow2 ...
    std::string wrpolicy;
    std::string source;       // dir, dev, file or name, by type
    std::uint64_t usage = 0;  // bytes, of a ram filesystem
    std::string target;       // absolute path inside
    bool readonly = false;
    std::optional<std::uint64_t> space_hard_limit, space_soft_limit;  // bytes
    std::string alias;
};

enum class InterfaceType { network, bridge, ethernet, direct };
enum class DirectMode { vepa, bridge, private_, passthrough };

struct IpAddress {
    std::string family;   // ipv4, ipv6
    std::string address;  // textual
    std::optional<unsigned> prefix;
    std::string peer;
};

struct Route {
    std::string family;  // ipv4, ipv6; empty where the document says none
    std::string address, netmask, gateway;
    std::optional<unsigned> prefix;
    std::optional<unsigned> metric;
};

// The length of a route's network: its prefix, its netmask's, 0 for the zero address, else by the
// address's class (libvirt's rule; 64 for IPv6).
[[nodiscard]] unsigned route_prefix(const Route& route);

struct BandwidthLimit {  // kilobytes per second, KiB for burst, as libvirt
    std::optional<std::uint64_t> average, peak, floor, burst;
};

struct Bandwidth {
    std::optional<BandwidthLimit> inbound, outbound;
};

struct VlanTag {
    unsigned id = 0;
    std::string native_mode;  // tagged, untagged
};

struct Vlan {
    bool trunk = false;
    std::vector<VlanTag> tags;
};

struct VirtualPort {
    std::string type;
    // attribute name and value of <parameters>, in the document's order
    std::vector<std::pair<std::string, std::string>> parameters;
    bool made_up = false;  // its interfaceid, which the document had not
};

struct Interface {
    // Out of line, in domain.cc: each of the many files that have one would make its own.
    Interface();
    Interface(const Interface&);
    Interface(Interface&&) noexcept;
    Interface& operator=(const Interface&);
    Interface& operator=(Interface&&) noexcept;
    ~Interface();

    InterfaceType type = InterfaceType::bridge;
    std::string mac;                        // lower case; made at random (52:54:00) where absent
    std::string source;                     // network or bridge name, or the host's device
    std::string portgroup;                  // type network
    std::string portid;                     // type network, live
    std::string actual_bridge, actual_dev;  // likewise: what the network plugged it into
    std::optional<DirectMode> mode;         // type direct
    std::vector<IpAddress> source_ips;      // type ethernet: <source><ip/></source>
    std::vector<Route> source_routes;
    std::optional<VirtualPort> virtualport;
    std::vector<IpAddress> ips;
    std::vector<Route> routes;
    std::string script;
    std::string target;  // the host's end, "vnet0"; empty = made at start
    std::string guest;   // the name inside, "eth0"; empty = made at start
    std::string model;
    std::optional<std::string> filterref;
    std::string filterref_place;  // "FILE:LINE" of it, for who has to refuse it
    std::vector<std::pair<std::string, std::string>> filter_parameters;
    std::optional<Bandwidth> bandwidth;
    std::optional<Vlan> vlan;
    std::optional<bool> link_up;
    std::optional<unsigned> mtu;
    std::optional<bool> isolated;  // <port isolated='yes'/>
    std::string alias;
};

enum class HostdevMode { capabilities, subsystem };
enum class HostdevType { storage, misc, net, usb };

struct UsbSource {
    std::optional<std::uint16_t> vendor, product;
    std::optional<unsigned> bus, device;
};

struct Hostdev {
    HostdevMode mode = HostdevMode::capabilities;
    HostdevType type = HostdevType::misc;
    std::string source;  // block or char device path, or interface name
    UsbSource usb;
    std::optional<bool> managed;
    std::vector<IpAddress> ips;  // type net
    std::vector<Route> routes;
    std::string alias;
};

// Whether two <hostdev> mean one device of the host.
[[nodiscard]] bool same_device(const Hostdev& a, const Hostdev& b);

struct Console {
    std::string type = "pty";
    std::string target_type = "lxc";
    unsigned port = 0;
    std::string source_path;  // live: the host's pty; otherwise as the document has it
    std::string tty;          // live: the same
    std::string log_file;     // <log file='...' append='on'/>
    std::optional<bool> log_append;
    std::string alias;
};

using Device = std::variant<Disk, Filesystem, Interface, Hostdev, Console>;

}  // namespace lxvirt::xml
