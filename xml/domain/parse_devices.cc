// Parses <devices>: the lists of devices and the rules among them, <console>, <controller>, and
// aliases.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text/text.hh"
#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// The console types that libvirt has for other hypervisors.
constexpr std::array<std::string_view, 12> kForeignConsoles{
    "null", "vc",  "dev",  "file",     "pipe",      "stdio",
    "udp",  "tcp", "unix", "spicevmc", "spiceport", "nmdm"};
constexpr std::array<std::string_view, 4> kControllers{"scsi", "ide", "sata", "fdc"};

// Reads <target>; libvirt accepts any of its target types for a container's console.
void parse_console_target(const Element& element, Console& out) {
    const Element target = element.child("target");
    if (!target) return;
    if (const auto type = target.attribute("type")) {
        if (!has_word(kConsoleTargets, *type))
            target.fail(
                ErrorCode::config_unsupported,
                fmt::format("unknown target type '{}' specified for character device", *type),
                "a container's console has type='lxc'");
        out.target_type = *type;
    }
    if (const auto port = target.attribute("port")) {
        const auto value = to_unsigned(*port);
        if (!value || *value > 0xffff)
            target.fail(ErrorCode::xml_error, fmt::format("Invalid port number: {}", *port),
                        "ports count from 0");
        out.port = static_cast<unsigned>(*value);
    }
}

// Numbers the consoles in the order of the document, as libvirt does, whatever ports they name.
void parse_consoles(const Element& devices, Domain& out, bool live) {
    std::set<unsigned> ports;
    for (const Element& element : devices.children("console")) {
        Console console = parse_console(element, live);
        const Element target = element.child("target");
        const auto place = static_cast<unsigned>(out.consoles.size());
        if (target && target.attribute("port")) {
            if (!ports.insert(console.port).second)
                target.fail(ErrorCode::xml_error,
                            fmt::format("duplicate console port '{}'", console.port),
                            "each <console> has a port of its own, from 0");
            if (console.port != place)
                element.document().notice(
                    target,
                    fmt::format("console port {} becomes {}: ports are counted in the order "
                                "of the document",
                                console.port, place));
        }
        console.port = place;
        out.consoles.push_back(std::move(console));
    }
}

// Returns the first index that is above all others of the type.
unsigned free_index(const std::vector<Controller>& controllers, std::string_view type) {
    unsigned index = 0;
    for (const Controller& controller : controllers)
        if (controller.type == type) index = std::max(index, controller.index + 1);
    return index;
}

// Reads the controllers. One without an index gets the first that is free.
void parse_controllers(const Element& devices, Domain& out) {
    constexpr std::uint64_t kMostControllers = 1000;  // a bound for documents made up by hand
    for (Element child = devices.first_child(); child; child = child.next_sibling()) {
        if (child.name() != "controller" || !child.namespace_uri().empty()) continue;
        const auto type = child.attribute("type");
        if (!type || !has_word(kControllers, *type)) continue;  // stays unread and becomes a notice
        child.mark_read();
        Controller controller{std::string(*type), free_index(out.controllers, *type)};
        if (const auto index = unsigned_attribute(child, "index", kMostControllers))
            controller.index = static_cast<unsigned>(*index);
        for (const Controller& other : out.controllers)
            if (other.type == controller.type && other.index == controller.index)
                child.fail(ErrorCode::xml_error,
                           fmt::format("Multiple '{}' controllers with index '{}'", other.type,
                                       other.index),
                           "each <controller> of a type has an index of its own");
        insert_controller(out.controllers, std::move(controller));
    }
}

// Finds a second element for one device, as same_device() does, without comparing it with each other
// one.
class SeenHostdevs {
  public:
    // Returns false if the device was added before.
    bool add(const Hostdev& device) {
        const auto& usb = device.usb;
        if (device.type != HostdevType::usb)
            return sources_.emplace(device.type, device.source).second;
        const std::pair vendor(usb.vendor, usb.product);
        bool is_new = !usb.bus || buses_.emplace(usb.bus, usb.device).second;
        if (!usb.vendor) return is_new;
        // Two that both have a bus are known by that alone.
        is_new =
            is_new && !without_bus_.contains(vendor) && (usb.bus || !vendors_.contains(vendor));
        vendors_.insert(vendor);
        if (!usb.bus) without_bus_.insert(vendor);
        return is_new;
    }

  private:
    using Usb = decltype(Hostdev::usb);
    template <typename A, typename B>
    using Pairs = std::set<std::pair<A, B>>;
    Pairs<HostdevType, std::string> sources_;
    Pairs<decltype(Usb::bus), decltype(Usb::device)> buses_;
    Pairs<decltype(Usb::vendor), decltype(Usb::product)> vendors_, without_bus_;
};

}  // namespace

// Inserts before the first of the same type with a higher index.
void insert_controller(std::vector<Controller>& controllers, Controller controller) {
    auto place = controllers.end();
    for (auto other = controllers.begin(); other != controllers.end(); ++other)
        if (other->type == controller.type)
            place = other->index < controller.index ? other + 1 : std::min(place, other);
    controllers.insert(place, std::move(controller));
}

std::string parse_alias(const Element& device, bool live) {
    const Element alias = device.child("alias");
    if (!alias) return {};
    std::string name = string_attribute(alias, "name");
    if (live) return name;
    // An alias "ua-..." is a user's own; libvirt's LXC driver keeps it, but here aliases are given
    // at each start.
    if (name.rfind("ua-", 0) == 0)
        device.document().notice(alias,
                                 fmt::format("alias '{}' was left out: a container's devices "
                                             "are named at each start",
                                             name));
    return {};
}

// Reads <console>. Only a pty can be relayed, so other types are refused with libvirt's words.
Console parse_console(const Element& element, bool live) {
    Console console;
    console.type = element.attribute("type").value_or("pty");
    if (has_word(kForeignConsoles, console.type))
        element.fail(ErrorCode::config_unsupported, "Only PTY console types are supported",
                     fmt::format("<console type='{}'> is not type='pty'", console.type));
    if (console.type != "pty")
        element.fail(
            ErrorCode::config_unsupported,
            fmt::format("unknown type presented to host for character device: {}", console.type),
            "type is pty");
    parse_console_target(element, console);
    // The path of the pty is known only while it exists, so a definition keeps none.
    const std::string tty = string_attribute(element, "tty");
    const Element source = element.child("source");
    const std::string path = source ? string_attribute(source, "path") : std::string();
    if (live) {
        console.tty = tty;
        console.source_path = path;
    }
    if (const Element log = element.child("log")) {
        console.log_file = string_attribute(log, "file");
        console.log_append = enum_attribute(log, "append", kOnOff);
        if (!console.log_file.empty()) require_absolute(log, "console log", console.log_file);
    }
    console.alias = parse_alias(element, live);
    return console;
}

// Reads all devices. Targets, hardware addresses and host devices must be unique in a domain.
void parse_devices(const Element& domain, Domain& out, bool live) {
    const Element devices = domain.child("devices");
    if (!devices) return;
    if (const Element emulator = devices.child("emulator")) out.emulator = emulator.text();
    std::map<std::string, std::string> disks;  // source by target
    for (const Element& element : devices.children("disk")) {
        Disk disk = parse_disk(element, live);
        const auto [other, is_new] = disks.try_emplace(disk.target, disk.source);
        if (!is_new)
            element.fail(ErrorCode::xml_error,
                         fmt::format("target '{}' duplicated for disk sources '{}' and '{}'",
                                     disk.target, other->second, disk.source),
                         "each <disk> has a <target> of its own");
        fill_defaults(disk);
        insert_disk(out.disks, std::move(disk));
    }
    std::map<std::string, std::string> sources;  // source by target
    for (const Element& element : devices.children("filesystem")) {
        Filesystem added = parse_filesystem(element, live);
        const auto [other, is_new] =
            sources.try_emplace(base::clean_path(added.target), added.source);
        if (!is_new)
            element.fail(ErrorCode::xml_error,
                         fmt::format("target '{}' duplicated for filesystem sources '{}' and '{}'",
                                     added.target, other->second, added.source),
                         "each <filesystem> has a <target> of its own");
        out.filesystems.push_back(std::move(added));
    }
    std::set<std::string> addresses, guests;
    const std::vector<Element> interfaces = devices.children("interface");
    out.interfaces.reserve(interfaces.size());
    for (const Element& element : interfaces) {
        out.interfaces.push_back(parse_interface(element, live));
        const Interface& added = out.interfaces.back();
        if (!added.mac.empty() && !addresses.insert(added.mac).second)
            element.fail(ErrorCode::xml_error,
                         fmt::format("network device with mac {} already exists", added.mac),
                         "each <interface> has a <mac> of its own");
        if (!added.guest.empty() && !guests.insert(added.guest).second)
            element.child("guest").fail(
                ErrorCode::xml_error,
                fmt::format("network device {} already exists in the container", added.guest),
                "each <interface> has a <guest> of its own");
    }
    SeenHostdevs hostdevs;
    for (const Element& element : devices.children("hostdev")) {
        out.hostdevs.push_back(parse_hostdev(element, live));
        if (!hostdevs.add(out.hostdevs.back()))
            element.fail(ErrorCode::xml_error, "Hostdev already exists in the domain configuration",
                         "remove one of the two");
    }
    parse_controllers(devices, out);
    parse_consoles(devices, out, live);
}

}  // namespace lxvirt::xml
