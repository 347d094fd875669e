// Parses <hostdev>: a device node, a network interface or a USB device of the host.
#include <fmt/format.h>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Returns the mode; libvirt's default is 'subsystem'.
HostdevMode parse_mode(const Element& element) {
    const auto mode = element.attribute("mode");
    if (!mode) return HostdevMode::subsystem;
    const auto value = value_of(kHostdevModes, *mode);
    if (!value)
        element.fail(ErrorCode::config_unsupported, fmt::format("unknown hostdev mode '{}'", *mode),
                     fmt::format("mode is {}", list_of(kHostdevModes)));
    return *value;
}

// Returns the type. mode='subsystem' goes with type='usb', mode='capabilities' with all others.
HostdevType parse_type(const Element& element, HostdevMode mode) {
    const std::string type = string_attribute(element, "type");
    const auto value = value_of(kHostdevTypes, type);
    const bool usb = value == HostdevType::usb;
    if (value && usb == (mode == HostdevMode::subsystem)) return *value;
    static constexpr std::array<std::string_view, 4> kForeignTypes{"pci", "scsi", "scsi_host",
                                                                   "mdev"};
    if (mode == HostdevMode::subsystem && has_word(kForeignTypes, type))
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("host device type '{}' is not supported for a container", type),
                     "mode='subsystem' takes type='usb'");
    element.fail(ErrorCode::config_unsupported,
                 fmt::format("unknown host device source address type '{}'", type),
                 mode == HostdevMode::subsystem ? "mode='subsystem' takes type='usb'"
                                                : "mode='capabilities' takes storage, misc or net");
}

// Words that differ by type: the child of <source>, and the device's name in libvirt's message.
struct SourceWords {
    std::string_view element;  // of <source>
    std::string_view device;   // in libvirt's message
};

// Returns the words of a type; a USB device has other children and never gets here.
SourceWords source_words(HostdevType type) {
    if (type == HostdevType::storage) return {"block", "storage"};
    if (type == HostdevType::net) return {"interface", "net"};
    return {"char", "character"};
}

// Reads an id of 16 bits, usually written in hexadecimal.
std::uint16_t usb_id(const Element& element) {
    const std::string text = string_attribute(element, "id");
    const auto value = to_unsigned_any_base(text);
    if (!value || *value > 0xffff)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Invalid value for attribute 'id' in element '{}': '{}'. Expected "
                                 "non-negative integer value",
                                 element.name(), text),
                     "an id looks like 0x1d6b");
    return static_cast<std::uint16_t>(*value);
}

// Reads the source of a USB device: vendor and product go together, and so do bus and device.
UsbSource parse_usb(const Element& source) {
    UsbSource usb;
    const Element vendor = source.child("vendor");
    const Element product = source.child("product");
    const Element address = source.child("address");
    if (vendor) usb.vendor = usb_id(vendor);
    if (product) usb.product = usb_id(product);
    if (vendor && !product)
        source.fail(ErrorCode::internal_error, "missing product", "<product id='0x0002'/>");
    if (product && !vendor)
        source.fail(ErrorCode::internal_error, "missing vendor", "<vendor id='0x1d6b'/>");
    if (address) {
        const auto bus = unsigned_attribute(address, "bus");
        const auto device = unsigned_attribute(address, "device");
        if (!bus || !device)
            address.fail(ErrorCode::internal_error, "usb address needs bus and device id",
                         "<address bus='1' device='2'/>");
        usb.bus = static_cast<unsigned>(*bus);
        usb.device = static_cast<unsigned>(*device);
    }
    if (!vendor && !address)
        source.fail(ErrorCode::xml_error,
                    "Missing <vendor> or <address> element in hostdev usb device",
                    "name the device by vendor and product, or by bus and device");
    return usb;
}

}  // namespace

// Reads <hostdev>. Addresses and routes are for network interfaces only.
Hostdev parse_hostdev(const Element& element, bool live) {
    Hostdev hostdev;
    hostdev.mode = parse_mode(element);
    hostdev.type = parse_type(element, hostdev.mode);
    const Element source = element.child("source");
    if (!source)
        element.fail(ErrorCode::xml_error, "Missing <source> element in hostdev device",
                     "<source> says which device");
    if (hostdev.type == HostdevType::usb) {
        hostdev.usb = parse_usb(source);
        hostdev.managed = enum_attribute(element, "managed", kYesNo).value_or(false);
    } else {
        const SourceWords words = source_words(hostdev.type);
        const Element child = source.child(words.element);
        if (child) hostdev.source = child.text();
        if (hostdev.source.empty())
            source.fail(ErrorCode::xml_error,
                        fmt::format("Missing <{}> element in hostdev {} device", words.element,
                                    words.device),
                        fmt::format("<source><{0}>...</{0}></source>", words.element));
        if (hostdev.type == HostdevType::net) {
            if (const std::string_view fault = fault_of_link_name(hostdev.source); !fault.empty())
                child.fail(ErrorCode::xml_error,
                           fmt::format("Invalid interface name '{}'", hostdev.source), fault);
        } else
            require_absolute(child, "host device", hostdev.source);
    }
    if (hostdev.type == HostdevType::net) {
        hostdev.ips = parse_ips(element);
        hostdev.routes = parse_routes(element);
    }
    hostdev.alias = parse_alias(element, live);
    return hostdev;
}

}  // namespace lxvirt::xml
