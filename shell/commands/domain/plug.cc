// attach-disk, detach-disk, attach-mount and detach-mount. As in virsh, each writes the document
// that attach-device or detach-device takes. virsh has no commands for mounts.
#include <sys/stat.h>

#include <array>

#include "shell/commands/device_lookup.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/plug.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/document/writer.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

// --- disks

constexpr Option kAttachDisk[] = {
    domain_option(),
    {"source", OptionType::data, "the block device or image file on the host", complete_files, true,
     true},
    {"target", OptionType::data, "the node's name in the container's /dev: vdb", nullptr, true},
    {"targetbus", OptionType::string, "kept in the definition; a container has no buses"},
    {"driver", OptionType::string, "the driver's name, kept in the definition"},
    {"subdriver", OptionType::string, "the format of an image: raw", complete_from<"raw">},
    {"iothread", OptionType::string, "refused"},
    {"cache", OptionType::string, "kept in the definition"},
    {"io", OptionType::string, "refused"},
    {"type", OptionType::string, "disk, cdrom, floppy or lun",
     complete_from<"disk", "cdrom", "floppy", "lun">},
    {"shareable", OptionType::alias, "mode=shareable"},
    {"mode", OptionType::string, "readonly or shareable", complete_from<"readonly", "shareable">},
    {"sourcetype", OptionType::string, "block or file (default: what the source is)",
     complete_from<"block", "file">},
    {"serial", OptionType::string, "kept in the definition"},
    {"wwn", OptionType::string, "refused"},
    {"alias", OptionType::string, "an alias that you choose; it begins with ua-"},
    {"rawio", OptionType::boolean, "refused"},
    {"address", OptionType::string, "refused"},
    {"multifunction", OptionType::boolean, "refused"},
    kPrintXml,
    {"source-protocol", OptionType::string, "refused"},
    {"source-host-name", OptionType::string, "refused"},
    {"source-host-transport", OptionType::string, "refused"},
    {"source-host-socket", OptionType::string, "refused"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
};

// Returns the type of the disk by virsh's rule: --sourcetype; else "file" for the drivers file and
// tap; else what the source is on this host. A source that does not exist counts as a block device,
// and the driver then reports it as missing.
std::string disk_type(const Invocation& invocation) {
    std::string asked = invocation.text("sourcetype");
    if (!asked.empty()) {
        if (asked == "block" || asked == "file") return asked;
        give_up("Unknown source type: '{}'", asked);
    }
    if (const std::string driver = invocation.text("driver"); driver == "file" || driver == "tap")
        return "file";
    struct stat info {};
    const bool file =
        ::stat(invocation.text("source").c_str(), &info) == 0 && S_ISREG(info.st_mode);
    return file ? "file" : "block";
}

// Options of QEMU's disks are refused by name; other options that a container has no use for are
// kept in the definition, as documents from libvirt have them.
bool attach_disk(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    static constexpr std::array<std::string_view, 10> kRefused{"iothread",
                                                               "io",
                                                               "wwn",
                                                               "rawio",
                                                               "address",
                                                               "multifunction",
                                                               "source-protocol",
                                                               "source-host-name",
                                                               "source-host-transport",
                                                               "source-host-socket"};
    refuse_options(invocation, kRefused);
    const std::string mode = invocation.text("mode");
    if (!mode.empty() && mode != "readonly" && mode != "shareable")
        give_up("No support for {} in command 'attach-disk'", mode);
    const std::string type = disk_type(invocation);
    xml::Writer out(0);
    out.start("disk");
    out.attribute("type", type);
    out.attribute_if("device", invocation.text("type"));
    out.children();
    out.empty_if("driver", {{"name", invocation.text("driver")},
                            {"type", invocation.text("subdriver")},
                            {"cache", invocation.text("cache")}});
    out.empty_if("source", {{type == "block" ? "dev" : "file", invocation.text("source")}});
    out.empty_if("target",
                 {{"dev", invocation.text("target")}, {"bus", invocation.text("targetbus")}});
    if (!mode.empty()) out.flag(mode);
    out.text_if("serial", invocation.text("serial"));
    out.empty_if("alias", {{"name", invocation.text("alias")}});
    out.end("disk");
    return carry_out(session, invocation, out.take(), &driver::Connection::attach_device,
                     {"Failed to attach disk", "Disk attached successfully"});
}

constexpr Option kDetachDisk[] = {
    domain_option(),
    {"target", OptionType::data, "the node's name (vdb), or the source on the host", complete_disks,
     true},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
    kForceOption,
};

// As in virsh, the disk may be named by its target or its source, and the document that is sent is
// the one found in the domain. If several disks match, the last one is detached.
bool detach_disk(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    const std::string target = invocation.text("target");
    const xml::Domain domain = meant_domain(session, invocation);
    if (domain.disks.empty()) give_up("Failed to get disk information");
    const xml::Disk* found = nullptr;
    for (const xml::Disk& disk : domain.disks)
        if (disk.target == target || disk.source == target) found = &disk;
    if (found == nullptr) give_up("No disk found whose source path or target is {}", target);
    return carry_out(session, invocation, xml::format_device(*found, {.live = true}),
                     &driver::Connection::detach_device,
                     {"Failed to detach disk", "Disk detached successfully"});
}

// --- folders of the host

constexpr Option kAttachMount[] = {
    domain_option(),
    {"source", OptionType::data, "the folder or file on the host", complete_files, true},
    {"target", OptionType::data, "its path in the container", nullptr, true},
    {"readonly", OptionType::boolean, "mount it read-only"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
};

bool attach_mount(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    xml::Writer out(0);
    out.start("filesystem");
    out.attribute("type", "mount");
    out.children();
    out.empty_if("source", {{"dir", invocation.text("source")}});
    out.empty_if("target", {{"dir", invocation.text("target")}});
    if (invocation.has("readonly")) out.flag("readonly");
    out.end("filesystem");
    return carry_out(session, invocation, out.take(), &driver::Connection::attach_device,
                     {"Failed to attach mount", "Mount attached successfully"});
}

constexpr Option kDetachMount[] = {
    domain_option(),
    {"target", OptionType::data, "its path in the container", complete_mount_points, true},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kForceOption,
};

bool detach_mount(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    // A filesystem is found by its target, but its document needs a source.
    xml::Writer out(0);
    out.start("filesystem");
    out.attribute("type", "mount");
    out.children();
    out.empty_if("source", {{"dir", "/"}});
    out.empty_if("target", {{"dir", invocation.text("target")}});
    out.end("filesystem");
    return carry_out(session, invocation, out.take(), &driver::Connection::detach_device,
                     {"Failed to detach mount", "Mount detached successfully"});
}

constexpr Command kCommands[] = {
    {"attach-disk", "give a domain a disk",
     "Give the container a node in its /dev for a block device of the host,\n"
     "or for an image file through a loop device.",
     kAttachDisk, attach_disk, kInterruptible},
    {"attach-mount", "show a domain a folder of the host",
     "Mount a folder or a file of the host in the container. A missing mount\n"
     "point is made.",
     kAttachMount, attach_mount, kInterruptible},
    {"detach-disk", "take a disk away", "Remove the node and close the device to the container.",
     kDetachDisk, detach_disk, kInterruptible},
    {"detach-mount", "take a mounted folder away",
     "Unmount what attach-mount mounted. A mount that is in use stays, and the\n"
     "error names its users.",
     kDetachMount, detach_mount, kInterruptible},
};

}  // namespace

std::span<const Command> plug_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
