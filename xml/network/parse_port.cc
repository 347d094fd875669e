// Parses <networkport>: the plug of one interface into a network.
#include <fmt/format.h>

#include "base/uuid.hh"
#include "xml/document/read.hh"
#include "xml/document/validate.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"
#include "xml/network/document.hh"
#include "xml/network/names.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Reads <owner>, the domain that the port belongs to; both name and uuid are required.
void parse_owner(const Element& root, NetworkPort& out) {
    const Element owner = root.child("owner");
    const Element name = owner ? owner.child("name") : Element{};
    const Element uuid = owner ? owner.child("uuid") : Element{};
    const std::string_view hint = "<owner><name>web</name><uuid>...</uuid></owner>";
    if (!name || name.text().empty())
        root.fail(ErrorCode::internal_error, "network port has no owner name", hint);
    out.owner_name = name.text();
    if (!uuid || uuid.text().empty())
        root.fail(ErrorCode::internal_error, "network port has no owner UUID", hint);
    out.owner_uuid = parse_uuid_element(uuid);
}

// Returns the value of an attribute of <plug> that must be there; `called` is libvirt's word for
// it.
std::string required(const Element& plug, std::string_view name, std::string_view called) {
    std::string value = string_attribute(plug, name);
    if (value.empty())
        plug.fail(ErrorCode::xml_error, fmt::format("Missing network port {} name", called),
                  fmt::format("<plug type='{}' {}='NAME'/>", string_attribute(plug, "type"), name));
    return value;
}

// Reads <plug>; a port without one is not plugged into anything.
void parse_plug(const Element& root, NetworkPort& out) {
    const Element plug = root.child("plug");
    if (!plug) return;
    const auto type = enum_attribute(plug, "type", kPlugTypes);
    if (!type) return;
    out.plug = *type;
    if (out.plug == PlugType::direct) {
        out.plug_dev = required(plug, "dev", "link device");
        (void)link_name_attribute(plug, "dev");
        out.plug_mode = enum_attribute(plug, "mode", kDirectModes);
        return;
    }
    out.plug_bridge = required(plug, "bridge", "bridge");
    (void)link_name_attribute(plug, "bridge");
    out.mac_table_manager = enum_attribute(plug, "macTableManager", kMacTableManagers);
}

// Reads <networkport>. The hardware address is required, since it identifies the interface.
NetworkPort parse_port(const Element& root) {
    NetworkPort port;
    if (const Element uuid = root.child("uuid")) port.uuid = parse_uuid_element(uuid);
    parse_owner(root, port);
    if (const Element group = root.child("group")) port.group = group.text();
    const Element mac = root.child("mac");
    const std::string text = mac ? string_attribute(mac, "address") : "";
    const auto address = to_mac(text);
    if (!address)
        (mac ? mac : root)
            .fail(ErrorCode::internal_error,
                  mac ? fmt::format("Unable to parse MAC '{}'", text) : "network port has no mac",
                  "<mac address='52:54:00:12:34:56'/>");
    port.mac = mac_text(*address);
    port.virtualport = parse_virtual_port(root, PortType::optional, PortId::given);
    // classID is the class of the kernel's traffic control, which is chosen when the port is made.
    if (const Element bandwidth = root.child("bandwidth")) {
        const auto id = unsigned_attribute(bandwidth, "classID");
        if (id) port.class_id = static_cast<unsigned>(*id);
    }
    port.bandwidth = parse_bandwidth(root, InterfaceType::network);
    port.vlan = parse_vlan(root);
    if (const Element element = root.child("port"))
        port.isolated = enum_attribute(element, "isolated", kYesNo);
    if (const Element element = root.child("rxfilters"))
        port.trust_guest_rx_filters = enum_attribute(element, "trustGuest", kYesNo);
    parse_plug(root, port);
    return port;
}

}  // namespace

ParsedNetworkPort parse_network_port(std::string_view text, const ParseOptions& options) {
    Document document(text, options.file);
    const Element root = document.root();
    if (root.name() != "networkport")
        root.fail(ErrorCode::xml_error,
                  fmt::format("expecting root element of 'networkport', not '{}'", root.name()),
                  "a port is <networkport>");
    document.collect(options.faults);
    ParsedNetworkPort result;
    const auto read = [&] {
        document.parse_collecting(result.port, [&] { result.port = parse_port(root); });
    };
    if (options.validate) validate(document, "network.rng", read);
    read();
    // A port without a uuid gets a random one, as in libvirt.
    if (options.defaults && result.port.uuid.empty()) result.port.uuid = base::random_uuid();
    document.report_unread();
    result.notices = document.take_notices();
    return result;
}

}  // namespace lxvirt::xml
