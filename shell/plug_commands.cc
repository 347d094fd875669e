// attach-disk, detach-disk, attach-interface, detach-interface, attach-mount, detach-mount: each
// writes the document that attach-device or detach-device takes.
#include <sys/stat.h>

#include <array>

#include "shell/attach.hh"
#include "shell/failure.hh"
#include "shell/lookup.hh"
#include "shell/registry.hh"
#include "shell/session.hh"
#include "xml/parse.hh"

namespace lxvirt::shell {

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '\'': out += "&apos;"; break;
            default: out += c;
        }
    return out;
}

// " NAME='VALUE'", or nothing where the option was not given.
std::string attribute(std::string_view name, const std::string& value) {
    return value.empty() ? std::string() : fmt::format(" {}='{}'", name, escaped(value));
}

std::string element(std::string_view name, const std::string& attributes) {
    return attributes.empty() ? std::string() : fmt::format("  <{}{}/>\n", name, attributes);
}

using Act = std::vector<std::string> (driver::Connection::*)(const driver::DomainRef&,
                                                             std::string_view,
                                                             const driver::DeviceOptions&);

// Carries the document out, or prints it; `words` are "Disk" and "attached".
struct Words {
    std::string_view failing, done;
};

bool carry_out(Session& session, const Invocation& invocation, const std::string& xml, Act act,
               const Words& words) {
    if (invocation.command().find_option("print-xml") != nullptr && invocation.has("print-xml")) {
        session.print(xml);
        return true;
    }
    const driver::DomainRef domain = find_domain(session, invocation);
    driver::DeviceOptions options = device_options(invocation, domain, driver::Affect::live);
    options.force = invocation.command().find_option("force") != nullptr && invocation.has("force");
    say_remarks(session, explain(words.failing, [&] {
                    return (session.connection().*act)(domain, xml, options);
                }));
    session.say_format("{}\n", words.done);
    return true;
}

// What is refused because a container's device has no such thing.
void refuse_options(const Invocation& invocation, std::span<const std::string_view> options) {
    for (const std::string_view option : options)
        if (invocation.has(option))
            give_up("No support for --{} in command '{}': a container's device has no such thing",
                    option, invocation.command().name);
}

constexpr Option kPrintXml{"print-xml", OptionType::boolean, "print the document, change nothing"};

// --- disks

constexpr Option kAttachDisk[] = {
    domain_option(),
    {"source", OptionType::data, "the block device or image file on the host", complete_files, true,
     true},
    {"target", OptionType::data, "the node's name in the container's /dev: vdb", nullptr, true},
    {"targetbus", OptionType::string, "kept in the definition; a container has no buses"},
    {"driver", OptionType::string, "the driver's name, kept in the definition"},
    {"subdriver", OptionType::string, "the format of an image: raw"},
    {"iothread", OptionType::string, "refused"},
    {"cache", OptionType::string, "kept in the definition"},
    {"io", OptionType::string, "refused"},
    {"type", OptionType::string, "disk, cdrom, floppy or lun"},
    {"shareable", OptionType::alias, "mode=shareable"},
    {"mode", OptionType::string, "readonly or shareable"},
    {"sourcetype", OptionType::string, "block or file; found by looking at the source without it"},
    {"serial", OptionType::string, "kept in the definition"},
    {"wwn", OptionType::string, "refused"},
    {"alias", OptionType::string, "an alias of its own, ua-..."},
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

std::string disk_type(const Invocation& invocation) {
    const std::string asked = invocation.text("sourcetype");
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
    std::string xml =
        fmt::format("<disk type='{}'{}>\n", type, attribute("device", invocation.text("type")));
    xml += element("driver", attribute("name", invocation.text("driver")) +
                                 attribute("type", invocation.text("subdriver")) +
                                 attribute("cache", invocation.text("cache")));
    xml +=
        element("source", attribute(type == "block" ? "dev" : "file", invocation.text("source")));
    xml += element("target", attribute("dev", invocation.text("target")) +
                                 attribute("bus", invocation.text("targetbus")));
    if (!mode.empty()) xml += fmt::format("  <{}/>\n", mode);
    if (const std::string serial = invocation.text("serial"); !serial.empty())
        xml += fmt::format("  <serial>{}</serial>\n", escaped(serial));
    xml += element("alias", attribute("name", invocation.text("alias")));
    xml += "</disk>\n";
    return carry_out(session, invocation, xml, &driver::Connection::attach_device,
                     {"Failed to attach disk", "Disk attached successfully"});
}

// The domain as the options mean it: the definition with --config alone, else what runs.
xml::Domain meant_domain(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const bool stored = invocation.has("config") && !invocation.has("live");
    const std::string text = session.connection().xml_desc(domain, {.inactive = stored});
    xml::ParseOptions options;
    options.file = domain.name;
    options.defaults = false;
    options.live = domain.id != -1 && !stored;
    return xml::parse_domain(text, options).domain;
}

constexpr Option kDetachDisk[] = {
    domain_option(),
    {"target", OptionType::data, "the node's name (vdb), or the source on the host", nullptr, true},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
    kForceOption,
};

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

// --- interfaces

constexpr Option kAttachInterface[] = {
    domain_option(),
    {"type", OptionType::data, "network, bridge or direct", nullptr, true},
    {"source", OptionType::data, "the network, bridge or device on the host", nullptr, true},
    {"target", OptionType::string, "the name of the host's end"},
    {"mac", OptionType::string, "the MAC address; made up without it"},
    {"script", OptionType::string, "kept in the definition; no script is run"},
    {"model", OptionType::string, "kept in the definition"},
    {"alias", OptionType::string, "an alias of its own, ua-..."},
    {"inbound", OptionType::string, "limit of what comes in: AVERAGE[,PEAK[,BURST]] in KiB"},
    {"outbound", OptionType::string, "limit of what goes out, likewise"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
    {"managed", OptionType::boolean, "refused"},
    {"source-mode", OptionType::string, "of type direct: vepa, bridge, private or passthrough"},
};

// "1000,2000,512" as attributes.
std::string rate(const Invocation& invocation, const char* option) {
    const std::string text = invocation.text(option);
    if (text.empty()) return {};
    std::string attributes;
    std::size_t from = 0;
    for (const char* name : {"average", "peak", "burst"}) {
        if (from > text.size()) break;
        const std::size_t end = std::min(text.find(',', from), text.size());
        attributes += attribute(name, text.substr(from, end - from));
        from = end + 1;
    }
    if (from <= text.size()) give_up("{} format is incorrect", option);
    return fmt::format("    <{}{}/>\n", option, attributes);
}

bool attach_interface(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    const std::string type = invocation.text("type");
    const char* source = type == "direct" ? "dev" : type.c_str();
    if (type != "network" && type != "bridge" && type != "direct")
        give_up("No support for {} in command 'attach-interface'", type);
    static constexpr std::array<std::string_view, 1> kRefused{"managed"};
    refuse_options(invocation, kRefused);
    std::string xml = fmt::format("<interface type='{}'>\n", type);
    xml += element("source", attribute(source, invocation.text("source")) +
                                 attribute("mode", invocation.text("source-mode")));
    xml += element("target", attribute("dev", invocation.text("target")));
    xml += element("mac", attribute("address", invocation.text("mac")));
    xml += element("script", attribute("path", invocation.text("script")));
    xml += element("model", attribute("type", invocation.text("model")));
    xml += element("alias", attribute("name", invocation.text("alias")));
    const std::string limits = rate(invocation, "inbound") + rate(invocation, "outbound");
    if (!limits.empty()) xml += "  <bandwidth>\n" + limits + "  </bandwidth>\n";
    xml += "</interface>\n";
    return carry_out(session, invocation, xml, &driver::Connection::attach_device,
                     {"Failed to attach interface", "Interface attached successfully"});
}

constexpr Option kDetachInterface[] = {
    domain_option(),
    {"type", OptionType::data, "network, bridge, ethernet or direct", nullptr, true},
    {"mac", OptionType::string, "which one, where there are more"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
};

std::string_view type_word(xml::InterfaceType type) {
    constexpr std::array<std::string_view, 4> words{"network", "bridge", "ethernet", "direct"};
    return words[static_cast<std::size_t>(type)];
}

bool detach_interface(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    const std::string type = invocation.text("type"), mac = invocation.text("mac");
    const xml::Domain domain = meant_domain(session, invocation);
    const std::string_view last = "Failed to detach interface";
    std::vector<const xml::Interface*> of_type, found;
    for (const xml::Interface& interface : domain.interfaces) {
        if (type_word(interface.type) != type) continue;
        of_type.push_back(&interface);
        if (mac.empty() || interface.mac == mac) found.push_back(&interface);
    }
    const auto fail = [&](std::string line) {
        throw Failure({std::move(line), std::string(last)});
    };
    if (of_type.empty()) fail(fmt::format("No interface found whose type is {}", type));
    if (mac.empty() && of_type.size() > 1)
        fail(fmt::format("Domain has {} interfaces. Please specify which one to detach using --mac",
                         of_type.size()));
    if (found.empty()) fail(fmt::format("No interface with MAC address {} was found", mac));
    return carry_out(session, invocation, xml::format_device(*found.front(), {.live = true}),
                     &driver::Connection::detach_device, {last, "Interface detached successfully"});
}

// --- folders of the host

constexpr Option kAttachMount[] = {
    domain_option(),
    {"source", OptionType::data, "the folder or file on the host", complete_files, true},
    {"target", OptionType::data, "where it is to be in the container", nullptr, true},
    {"readonly", OptionType::boolean, "so that the container cannot change it"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
};

bool attach_mount(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    std::string xml = "<filesystem type='mount'>\n";
    xml += element("source", attribute("dir", invocation.text("source")));
    xml += element("target", attribute("dir", invocation.text("target")));
    if (invocation.has("readonly")) xml += "  <readonly/>\n";
    xml += "</filesystem>\n";
    return carry_out(session, invocation, xml, &driver::Connection::attach_device,
                     {"Failed to attach mount", "Mount attached successfully"});
}

constexpr Option kDetachMount[] = {
    domain_option(),   {"target", OptionType::data, "where it is in the container", nullptr, true},
    kPersistentOption, kConfigOption,
    kLiveOption,       kCurrentOption,
    kForceOption,
};

bool detach_mount(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    // A filesystem is found by its target.
    const std::string xml =
        fmt::format("<filesystem type='mount'><source dir='/'/><target dir='{}'/></filesystem>",
                    escaped(invocation.text("target")));
    return carry_out(session, invocation, xml, &driver::Connection::detach_device,
                     {"Failed to detach mount", "Mount detached successfully"});
}

constexpr Command kCommands[] = {
    {"attach-disk", "give a domain a disk",
     "Make a block device of the host, or an image file through a loop\n"
     "device, a node in the container's /dev.",
     kAttachDisk, attach_disk, kInterruptible},
    {"attach-interface", "give a domain a network interface",
     "Plug a container into a network, a bridge or a device of the host.", kAttachInterface,
     attach_interface, kInterruptible},
    {"attach-mount", "show a domain a folder of the host",
     "Mount a folder or a file of the host in the container, its mount\n"
     "point made where it is missing.",
     kAttachMount, attach_mount, kInterruptible},
    {"detach-disk", "take a disk away", "Remove the node and close the device to the container.",
     kDetachDisk, detach_disk, kInterruptible},
    {"detach-interface", "take a network interface away",
     "Unplug the only interface of a type, or the one with a MAC address.", kDetachInterface,
     detach_interface, kInterruptible},
    {"detach-mount", "take a mounted folder away",
     "Unmount what attach-mount mounted. One that is in use stays, and the\n"
     "error says who uses it.",
     kDetachMount, detach_mount, kInterruptible},
};

}  // namespace

std::span<const Command> plug_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
