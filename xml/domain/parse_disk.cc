// Parses <disk>, and derives bus, address and place in the list as libvirt does.
#include <fmt/format.h>

#include <algorithm>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// The disk types that libvirt has for other hypervisors.
constexpr std::array<std::string_view, 5> kForeignDiskTypes{"dir", "network", "volume", "nvme",
                                                            "vhostuser"};

// Returns the type; a <disk> without one is a file in libvirt.
DiskType parse_type(const Element& element) {
    const auto type = element.attribute("type");
    if (!type) return DiskType::file;
    if (has_word(kForeignDiskTypes, *type))
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("disk type '{}' is not supported for a container", *type),
                     fmt::format("type is {}", list_of(kDiskTypes)));
    return enum_attribute(element, "type", kDiskTypes).value();
}

// Reads <driver>. A format is checked against libvirt's list here, and supported or not at a start.
void parse_driver(const Element& driver, Disk& out) {
    out.driver_name = string_attribute(driver, "name");
    out.driver_type = string_attribute(driver, "type");
    if (!out.driver_type.empty() && !has_word(kImageFormats, out.driver_type))
        driver.fail(ErrorCode::config_unsupported,
                    fmt::format("unknown driver format value '{}'", out.driver_type),
                    fmt::format("type is {}", list_of(kImageFormats)));
    out.cache = word_attribute(driver, "cache", kDiskCaches);
}

// Reads <address>; one of another type than 'drive' has no meaning for a container.
std::optional<DriveAddress> parse_address(const Element& disk) {
    const Element element = disk.child("address");
    if (!element) return std::nullopt;
    if (element.attribute("type") != "drive") {
        disk.document().notice(element,
                               "only a drive <address> means anything for a <disk> of a "
                               "container; this one was left out");
        element.mark_tree_read();
        return std::nullopt;
    }
    DriveAddress address;
    const auto number = [&element](std::string_view name, unsigned& value) {
        value = static_cast<unsigned>(unsigned_attribute(element, name).value_or(0));
    };
    number("controller", address.controller);
    number("bus", address.bus);
    number("target", address.target);
    number("unit", address.unit);
    return address;
}

// Returns the drive that libvirt derives from the index in the target's name, for each bus
// (virDomainDiskDefAssignAddress()).
std::optional<DriveAddress> default_address(const Disk& disk) {
    const auto index = disk_index(disk.target);
    if (!index) return std::nullopt;
    if (disk.bus == "scsi") return DriveAddress{*index / 7, 0, 0, *index % 7};
    if (disk.bus == "ide") return DriveAddress{*index / 4, (*index % 4) / 2, 0, *index % 2};
    if (disk.bus == "sata") return DriveAddress{*index / 6, 0, 0, *index % 6};
    if (disk.bus == "fdc") return DriveAddress{*index / 2, 0, 0, *index % 2};
    return std::nullopt;
}

}  // namespace

// Reads <disk>. The target is the name of a node in /dev, so it must not contain a slash.
Disk parse_disk(const Element& element, bool live) {
    Disk disk;
    disk.type = parse_type(element);
    if (const std::string device = word_attribute(element, "device", kDiskDevices); !device.empty())
        disk.device = device;
    if (const Element driver = element.child("driver")) parse_driver(driver, disk);
    const Element source = element.child("source");
    if (source)
        disk.source = string_attribute(source, disk.type == DiskType::block ? "dev" : "file");
    const Element target = element.child("target");
    if (target) {
        disk.target = string_attribute(target, "dev");
        disk.bus = word_attribute(target, "bus", kDiskBuses);
    }
    if (disk.target.find('/') != std::string::npos || disk.target == "." || disk.target == "..")
        target.fail(ErrorCode::xml_error, fmt::format("Invalid disk target '{}'", disk.target),
                    "a target is the name of a node in /dev, such as vdb");
    if (disk.target.empty())
        element.fail(ErrorCode::no_target, disk.source, "<disk> needs <target dev='vdb'/>");
    if (disk.source.empty())
        element.fail(ErrorCode::no_source, disk.target,
                     disk.type == DiskType::block
                         ? "<disk type='block'> needs <source dev='/dev/...'/>"
                         : "<disk type='file'> needs <source file='/...'/>");
    require_absolute(source, "disk source", disk.source);
    // A CD-ROM is read-only whatever the document says.
    disk.readonly = static_cast<bool>(element.child("readonly")) || disk.device == "cdrom";
    disk.shareable = static_cast<bool>(element.child("shareable"));
    if (const Element serial = element.child("serial")) disk.serial = serial.text();
    disk.address = parse_address(element);
    disk.alias = parse_alias(element, live);
    const bool floppy = disk.target.rfind("fd", 0) == 0;
    if (floppy != (disk.device == "floppy"))
        target.fail(
            ErrorCode::internal_error,
            fmt::format("Invalid {} device name: {}", floppy ? "harddisk" : "floppy", disk.target),
            "device='floppy' and only that has a target fdX");
    if (!disk_index(disk.target) && !disk.address)
        target.fail(ErrorCode::xml_error,
                    fmt::format("Unknown disk name '{}' and no address specified", disk.target),
                    "names are fdX, hdX, sdX, vdX, xvdX and ubdX with X from a");
    return disk;
}

// An address follows from the bus, and the bus from the target's prefix
// (virDiskNameToBusDeviceIndex()).
void fill_defaults(Disk& disk) {
    if (disk.bus.empty()) disk.bus = bus_of_disk(disk.target);
    if (!disk.address) disk.address = default_address(disk);
}

void insert_disk(std::vector<Disk>& disks, Disk disk) {
    // The place is before the disks of the same bus with a higher index, else after the last disk
    // of that bus, else at the end. A disk without a bus attribute is placed by the bus that its
    // name implies, as libvirt does when it reads back what it has written.
    const auto index = disk_index(disk.target).value_or(0);
    auto place = disks.end();
    bool found = false;
    for (auto other = disks.end(); other != disks.begin();) {
        --other;
        if (other->bus != disk.bus) continue;
        if (disk_index(other->target).value_or(0) > index) {
            place = other;
            found = true;
        } else if (!found) {
            place = other + 1;
            found = true;
        }
    }
    disks.insert(place, std::move(disk));
}

}  // namespace lxvirt::xml
