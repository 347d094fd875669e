// Formats <devices> in libvirt's order: emulator, disks, controllers, filesystems, interfaces,
// consoles, hostdevs.
#include <fmt/format.h>

#include "xml/domain/format_parts.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::xml {

namespace {

// Writes <driver>, which a disk and a filesystem share but for the last attribute.
void format_driver(Writer& out, std::string_view name, std::string_view type,
                   std::string_view format, std::string_view last_name, std::string_view last) {
    if (name.empty() && type.empty() && format.empty() && last.empty()) return;
    out.start("driver");
    out.attribute_if("name", name);
    out.attribute_if("type", type);
    out.attribute_if("format", format);
    out.attribute_if(last_name, last);
    out.empty();
}

// Writes <source>, whose attribute depends on the type; a tmpfs has its size there, in KiB.
void format_filesystem_source(Writer& out, const Filesystem& filesystem) {
    out.start("source");
    switch (filesystem.type) {
        case FilesystemType::mount:
        case FilesystemType::bind: out.attribute("dir", filesystem.source); break;
        case FilesystemType::block: out.attribute("dev", filesystem.source); break;
        case FilesystemType::file: out.attribute("file", filesystem.source); break;
        case FilesystemType::template_: out.attribute("name", filesystem.source); break;
        case FilesystemType::ram:
            out.attribute("usage", filesystem.usage / 1024);
            out.attribute("units", "KiB");
            break;
    }
    out.empty();
}

// Writes the vendor and product of a USB device as four hexadecimal digits, and its address.
void format_usb(Writer& out, const UsbSource& usb) {
    const auto id = [&out](std::string_view name, std::optional<std::uint16_t> value) {
        if (!value) return;
        out.start(name);
        out.attribute("id", std::string_view(fmt::format("{:#06x}", *value)));
        out.empty();
    };
    id("vendor", usb.vendor);
    id("product", usb.product);
    if (!usb.bus) return;
    out.start("address");
    out.attribute_if("bus", usb.bus);
    out.attribute_if("device", usb.device);
    out.empty();
}

}  // namespace

void format_alias(Writer& out, const std::string& alias, bool live) {
    if (!live || alias.empty()) return;
    out.start("alias");
    out.attribute("name", alias);
    out.empty();
}

// Writes <disk>; the drive address is printed as soon as it is known, also for a definition.
void format(Writer& out, const Disk& disk, bool live) {
    out.start("disk");
    out.attribute("type", name_of(kDiskTypes, disk.type));
    out.attribute("device", disk.device);
    out.children();
    format_driver(out, disk.driver_name, disk.driver_type, "", "cache", disk.cache);
    out.start("source");
    out.attribute(disk.type == DiskType::block ? "dev" : "file", disk.source);
    out.empty();
    out.start("target");
    out.attribute("dev", disk.target);
    out.attribute_if("bus", disk.bus);
    out.empty();
    if (disk.readonly) out.flag("readonly");
    if (disk.shareable) out.flag("shareable");
    out.text_if("serial", disk.serial);
    format_alias(out, disk.alias, live);
    if (disk.address) {
        out.start("address");
        out.attribute("type", "drive");
        out.attribute("controller", std::uint64_t{disk.address->controller});
        out.attribute("bus", std::uint64_t{disk.address->bus});
        out.attribute("target", std::uint64_t{disk.address->target});
        out.attribute("unit", std::uint64_t{disk.address->unit});
        out.empty();
    }
    out.end("disk");
}

// Writes <filesystem>; the space limits are in bytes.
void format(Writer& out, const Filesystem& filesystem, bool live) {
    out.start("filesystem");
    out.attribute("type", name_of(kFilesystemTypes, filesystem.type));
    out.attribute("accessmode", name_of(kAccessModes, filesystem.accessmode));
    out.children();
    format_driver(out, "", filesystem.driver_type, filesystem.driver_format, "wrpolicy",
                  filesystem.wrpolicy);
    format_filesystem_source(out, filesystem);
    out.start("target");
    out.attribute("dir", filesystem.target);
    out.empty();
    if (filesystem.readonly) out.flag("readonly");
    format_alias(out, filesystem.alias, live);
    if (filesystem.space_hard_limit)
        out.sized("space_hard_limit", "bytes", *filesystem.space_hard_limit);
    if (filesystem.space_soft_limit)
        out.sized("space_soft_limit", "bytes", *filesystem.space_soft_limit);
    out.end("filesystem");
}

// Writes <hostdev>. `managed` exists for mode 'subsystem' only.
void format(Writer& out, const Hostdev& hostdev, bool live) {
    out.start("hostdev");
    out.attribute("mode", name_of(kHostdevModes, hostdev.mode));
    out.attribute("type", name_of(kHostdevTypes, hostdev.type));
    if (hostdev.mode == HostdevMode::subsystem)
        out.attribute("managed", name_of(kYesNo, hostdev.managed.value_or(false)));
    out.children();
    out.start("source");
    out.children();
    switch (hostdev.type) {
        case HostdevType::storage: out.text("block", hostdev.source); break;
        case HostdevType::misc: out.text("char", hostdev.source); break;
        case HostdevType::net: out.text("interface", hostdev.source); break;
        case HostdevType::usb: format_usb(out, hostdev.usb); break;
    }
    out.end("source");
    format_ips(out, hostdev.ips);
    format_routes(out, hostdev.routes);
    format_alias(out, hostdev.alias, live);
    out.end("hostdev");
}

// Writes <console>. libvirt repeats the path of a running console's pty as the attribute tty.
void format(Writer& out, const Console& console, bool live) {
    out.start("console");
    out.attribute("type", console.type);
    if (live) out.attribute_if("tty", console.tty);
    out.children();
    if (live && !console.source_path.empty()) {
        out.start("source");
        out.attribute("path", console.source_path);
        out.empty();
    }
    if (!console.log_file.empty()) {
        out.start("log");
        out.attribute("file", console.log_file);
        if (console.log_append) out.attribute("append", name_of(kOnOff, *console.log_append));
        out.empty();
    }
    out.start("target");
    out.attribute("type", console.target_type);
    out.attribute("port", std::uint64_t{console.port});
    out.empty();
    format_alias(out, console.alias, live);
    out.end("console");
}

void format_devices(Writer& out, const Domain& domain, bool live) {
    out.start("devices");
    out.children();
    out.text_if("emulator", domain.emulator);
    for (const Disk& disk : domain.disks) format(out, disk, live);
    for (const Controller& controller : domain.controllers) {
        out.start("controller");
        out.attribute("type", controller.type);
        out.attribute("index", std::uint64_t{controller.index});
        out.empty();
    }
    for (const Filesystem& filesystem : domain.filesystems) format(out, filesystem, live);
    for (const Interface& interface : domain.interfaces) format(out, interface, live);
    for (const Console& console : domain.consoles) format(out, console, live);
    for (const Hostdev& hostdev : domain.hostdevs) format(out, hostdev, live);
    out.end("devices");
}

std::string format_device(const Device& device, const FormatOptions& options) {
    Writer out(options.indent);
    std::visit([&](const auto& one) { format(out, one, options.live); }, device);
    return out.take();
}

}  // namespace lxvirt::xml
