// The content of /dev: what every container has, timers, disks, host devices.
#include <algorithm>

#include "base/error.hh"
#include "base/file.hh"
#include "base/text.hh"
#include "driver/compile_parts.hh"

namespace lxvirt::driver::compile {

namespace {

using helper::DeviceNode;

struct Standard {
    const char* path;
    std::uint32_t major, minor;
};
// Documentation/admin-guide/devices.txt
constexpr Standard kStandard[] = {
    {"null", 1, 3},    {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8},
    {"urandom", 1, 9}, {"tty", 5, 0},  {"ptmx", 5, 2},
};

void add_timers(const xml::Domain& domain, const HostFacts& host, helper::Dev& dev) {
    for (const xml::Timer& timer : domain.clock.timers) {
        if (!timer.present.value_or(false) || (timer.name != "rtc" && timer.name != "hpet"))
            continue;
        const std::string path = timer.name == "rtc" ? "/dev/rtc0" : "/dev/hpet";
        const HostFacts::Device device = host.device(path);
        dev.nodes.push_back({.path = path.substr(5),
                             .type = device.type,
                             .major = device.major,
                             .minor = device.minor,
                             .mode = 0600,
                             .uid = dev.uid,
                             .gid = dev.gid,
                             .loop_file = {}});
        if (timer.name == "rtc") dev.links.push_back({"rtc", "rtc0"});
    }
}

void add_disk(const xml::Disk& disk, const HostFacts& host, helper::Dev& dev) {
    DeviceNode node{.path = disk.target,
                    .type = 'b',
                    .mode = 0700,  // as libvirt makes it
                    .uid = dev.uid,
                    .gid = dev.gid,
                    .loop_file = {}};
    if (disk.type == xml::DiskType::file) {
        if (!disk.driver_type.empty() && disk.driver_type != "raw")
            base::fail(base::ErrorCode::config_unsupported,
                       "disk '{}': format '{}' is not supported, a file must be 'raw'", disk.target,
                       disk.driver_type);
        if (!host.exists(disk.source))
            base::fail_with(ENOENT, "disk '{}': source '{}'", disk.target, disk.source);
        node.loop_file = disk.source;
        node.loop_readonly = disk.readonly;
    } else {
        const HostFacts::Device device = host.device(disk.source);
        if (device.type != 'b')
            base::fail(base::ErrorCode::config_unsupported, "disk '{}': '{}' is not a block device",
                       disk.target, disk.source);
        node.major = device.major;
        node.minor = device.minor;
    }
    dev.nodes.push_back(std::move(node));
}

// The node of a USB device, found by bus and number or by vendor and product (sysfs, usb-ids).
struct UsbNode {
    unsigned bus = 0, device = 0;
};

std::optional<unsigned> sysfs_number(const std::string& path, int base) {
    const auto text = base::try_read_file(path);
    if (!text) return std::nullopt;
    return base::parse_number<unsigned>(base::trim(*text), base);
}

UsbNode find_usb(const xml::UsbSource& source) {
    if (source.bus && source.device) return {*source.bus, *source.device};
    std::vector<UsbNode> found;
    const std::string folder = "/sys/bus/usb/devices";
    for (const std::string& name : base::list_folder(folder)) {
        const std::string device = folder + "/" + name;
        if (sysfs_number(device + "/idVendor", 16) != source.vendor ||
            sysfs_number(device + "/idProduct", 16) != source.product)
            continue;
        const auto bus = sysfs_number(device + "/busnum", 10);
        const auto number = sysfs_number(device + "/devnum", 10);
        if (bus && number) found.push_back({*bus, *number});
    }
    if (found.size() == 1) return found.front();
    base::fail(base::ErrorCode::config_unsupported,
               "{} USB devices {:04x}:{:04x} on this host; name one by <address bus= device=/>",
               found.size(), source.vendor.value_or(0), source.product.value_or(0));
}

}  // namespace

void add_hostdev(const xml::Hostdev& hostdev, const HostFacts& host, helper::Dev& dev) {
    if (hostdev.type == xml::HostdevType::net) return;
    std::string path = hostdev.source;
    if (hostdev.type == xml::HostdevType::usb) {
        const UsbNode usb = find_usb(hostdev.usb);
        path = fmt::format("/dev/bus/usb/{:03}/{:03}", usb.bus, usb.device);
    }
    const HostFacts::Device device = host.device(path);
    const char wanted = hostdev.type == xml::HostdevType::storage ? 'b' : 'c';
    if (device.type != wanted)
        base::fail(base::ErrorCode::config_unsupported, "hostdev '{}' is not a {} device", path,
                   wanted == 'b' ? "block" : "character");
    if (!path.starts_with("/dev/"))
        base::fail(base::ErrorCode::config_unsupported, "hostdev '{}' is not below /dev", path);
    dev.nodes.push_back({.path = path.substr(5),
                         .type = device.type,
                         .major = device.major,
                         .minor = device.minor,
                         .mode = 0700,
                         .uid = dev.uid,
                         .gid = dev.gid,
                         .loop_file = {}});
}

helper::Dev dev(const xml::Domain& domain, const HostFacts& host) {
    helper::Dev made;
    made.uid = host_id(domain.idmap.uids, 0);
    made.gid = host_id(domain.idmap.gids, 0);
    made.tty_gid = host_id(domain.idmap.gids, 5);
    for (const Standard& standard : kStandard)
        made.nodes.push_back({.path = standard.path,
                              .type = 'c',
                              .major = standard.major,
                              .minor = standard.minor,
                              .mode = 0666,
                              .uid = made.uid,
                              .gid = made.gid,
                              .loop_file = {}});
    made.links = {{"stdin", "/proc/self/fd/0"},
                  {"stdout", "/proc/self/fd/1"},
                  {"stderr", "/proc/self/fd/2"},
                  {"fd", "/proc/self/fd"}};
    add_timers(domain, host, made);
    for (const xml::Disk& disk : domain.disks) add_disk(disk, host, made);
    for (const xml::Hostdev& hostdev : domain.hostdevs) add_hostdev(hostdev, host, made);
    return made;
}

}  // namespace lxvirt::driver::compile
