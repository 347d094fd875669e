// Parses <network> as a whole, and its smaller elements.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/uuid.hh"
#include "xml/document/read.hh"
#include "xml/document/validate.hh"
#include "xml/document/values.hh"
#include "xml/domain/generated.hh"
#include "xml/domain/parts.hh"
#include "xml/network/document.hh"
#include "xml/network/generated.hh"
#include "xml/network/names.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Reads a word where libvirt takes any unknown word for `otherwise`; lxvirt does the same and adds
// a notice, since the user may have meant something else.
template <std::size_t N>
bool lenient_switch(const Element& element, std::string_view name,
                    const std::array<Name<bool>, N>& words, bool otherwise) {
    const auto text = element.attribute(name);
    if (!text) return otherwise;
    if (const auto value = value_of(words, *text)) return *value;
    element.document().notice(
        element, fmt::format("{}='{}' of <{}> is not {}, and was taken for {}", name, *text,
                             element.name(), list_of(words), name_of(words, otherwise)));
    return otherwise;
}

// Reads the attributes of <network>. A count of connections is a fact of the running network only.
void parse_attributes(const Element& root, Network& out, bool live) {
    const auto ipv6 = root.attribute("ipv6");
    if (ipv6) {
        const auto value = value_of(kYesNo, *ipv6);
        if (!value)
            root.fail(ErrorCode::xml_error,
                      fmt::format("Invalid ipv6 setting '{}' in network '{}'", *ipv6, out.name),
                      "ipv6 is yes or no");
        out.ipv6 = *value;
    }
    out.trust_guest_rx_filters = enum_attribute(root, "trustGuestRxFilters", kYesNo);
    const auto connections = unsigned_attribute(root, "connections");
    // A definition that was dumped from a running network may carry the count; defining it anew
    // must not.
    if (live) out.connections = static_cast<unsigned>(connections.value_or(0));
}

// Reads the elements that a network shares with an interface. The type passed along only allows or
// forbids 'floor', which needs an interface of a network.
void parse_link_parts(const Element& root, Network& out) {
    out.vlan = parse_vlan(root);
    out.bandwidth = parse_bandwidth(root, InterfaceType::bridge);
    out.virtualport = parse_virtual_port(root, PortType::required, PortId::given);
    if (const Element port = root.child("port"))
        out.isolated = enum_attribute(port, "isolated", kYesNo);
}

// Parses one part after the other, so that a fault in one leaves the others to be checked; the
// rules among the parts come last.
Network parse_parts(const Element& root, bool live) {
    Network network;
    const auto part = [&](auto&& parse) {
        root.document().parse_collecting(network, [&] { parse(root, network); });
    };
    part(parse_network_basics);
    part([&](const Element& element, Network& out) {
        parse_attributes(element, out, live);
        out.metadata = parse_metadata(element);
    });
    part(parse_forward);
    // parse_forward() reads the counts of connections; they are dropped for the same reason as that
    // of the network.
    if (!live)
        for (ForwardInterface& interface : network.forward.interfaces) interface.connections = 0;
    part(parse_bridge);
    part(parse_dns);
    part(parse_link_parts);
    part(parse_network_ips);
    part(parse_network_routes);
    part(parse_portgroups);
    part(parse_dnsmasq_options);
    part(parse_extension);
    // The rules among elements would report errors that follow from a fault in one part, so
    // check_collecting() skips them after a fault.
    root.document().check_collecting([&] { check_network(root, network); });
    // A network that runs has started with the options that it has.
    if (!live) root.document().check_collecting([&] { check_dnsmasq_options(root, network); });
    return network;
}

}  // namespace

// Reads name and uuid. The words for a slash in the name are libvirt's, and differ from those for a
// domain.
void parse_network_basics(const Element& root, Network& out) {
    const Element name = root.child("name");
    if (!name) root.fail(ErrorCode::no_name, "", "<network> needs <name>NAME</name>");
    out.name = name.text();
    if (out.name.find('/') != std::string::npos)
        name.fail(ErrorCode::xml_detail, "invalid char in name: /", "the name becomes a file name");
    check_name(name, out.name);
    if (const Element uuid = root.child("uuid")) out.uuid = parse_uuid_element(uuid);
}

// Reads <bridge>, <mac> and <mtu>, which a network without a bridge of its own must not have.
void parse_bridge(const Element& root, Network& out) {
    if (const Element bridge = root.child("bridge")) {
        const bool ours = out.makes_bridge();
        out.bridge.name = string_attribute(bridge, "name");
        if (const std::string_view fault = fault_of_link_name(out.bridge.name); !fault.empty())
            bridge.fail(
                ErrorCode::xml_error,
                fmt::format("Invalid bridge name '{}' in network '{}'", out.bridge.name, out.name),
                fault);
        out.bridge.zone = string_attribute(bridge, "zone");
        const bool has_stp = bridge.attribute("stp").has_value();
        out.bridge.stp = lenient_switch(bridge, "stp", kOnOff, true);
        const auto delay = bridge.attribute("delay");
        const auto seconds = to_unsigned(delay.value_or("0"));
        // The kernel counts the delay in hundredths of a second, and that number has to fit as
        // well.
        if (!seconds || *seconds > std::numeric_limits<unsigned>::max() / 100)
            bridge.fail(ErrorCode::xml_error,
                        fmt::format("Invalid delay value in network '{}'", out.name),
                        "delay is a number of seconds");
        out.bridge.delay = static_cast<unsigned>(*seconds);
        if (!ours && (has_stp || delay || !out.bridge.zone.empty()))
            bridge.fail(ErrorCode::xml_error,
                        fmt::format("bridge delay/stp/zone options only allowed in route, nat, and "
                                    "isolated mode, not in {} (network '{}')",
                                    name_of(kForwardModes, out.forward.mode), out.name),
                        "an existing bridge keeps its own settings");
        if (const auto manager = bridge.attribute("macTableManager")) {
            out.bridge.mac_table_manager = value_of(kMacTableManagers, *manager);
            if (!out.bridge.mac_table_manager)
                bridge.fail(ErrorCode::xml_error,
                            fmt::format("Invalid macTableManager setting '{}' in network '{}'",
                                        *manager, out.name),
                            fmt::format("it is {}", list_of(kMacTableManagers)));
            if (out.bridge.mac_table_manager == MacTableManager::libvirt)
                root.document().notice(bridge,
                                       "macTableManager='libvirt' has no effect: the kernel fills "
                                       "the bridge's table of addresses");
        }
    }
    // The bit 1 of the first byte marks a group address (IEEE 802), which no interface can own.
    if (const Element element = root.child("mac")) {
        const std::string text = string_attribute(element, "address");
        const auto mac = to_mac(text);
        const std::string_view hint = "an address looks like 52:54:00:12:34:56";
        if (!mac)
            element.fail(
                ErrorCode::xml_error,
                fmt::format("Invalid bridge mac address '{}' in network '{}'", text, out.name),
                hint);
        if ((*mac)[0] & 1)
            element.fail(ErrorCode::xml_error,
                         fmt::format("Invalid multicast bridge mac address '{}' in network '{}'",
                                     text, out.name),
                         hint);
        if (*mac == MacAddress{})
            element.fail(
                ErrorCode::xml_error,
                fmt::format("Invalid bridge mac address '{}' in network '{}'", text, out.name),
                "no device can have the address zero");
        out.mac = mac_text(*mac);
    }
    if (const Element element = root.child("mtu")) {
        // 65535 is the largest MTU that the kernel takes for a bridge (ETH_MAX_MTU in
        // linux/if_ether.h).
        const auto text = element.attribute("size");
        const auto size = to_unsigned(text.value_or(""));
        if (!size || *size > 65535)
            element.fail(
                ErrorCode::xml_error,
                fmt::format("Invalid mtu size '{}' in network '{}'", text.value_or(""), out.name),
                "a number up to 65535");
        if (*size != 0 && *size < kLeastMtu)
            element.fail(ErrorCode::xml_error,
                         fmt::format("Invalid mtu size '{}' in network '{}'", *text, out.name),
                         fmt::format("the kernel takes no less than {} for a bridge", kLeastMtu));
        if (*size != 0) out.mtu = static_cast<unsigned>(*size);  // 0: the kernel's default
    }
}

// Reads <portgroup>. The interface type only decides what the error names; a port group has none.
PortGroup parse_portgroup(const Element& element) {
    PortGroup group;
    group.name = string_attribute(element, "name");
    if (group.name.empty())
        element.fail(ErrorCode::xml_error, "Missing required name attribute in portgroup",
                     "<portgroup name='web'>");
    group.is_default = lenient_switch(element, "default", kYesNo, false);
    group.trust_guest_rx_filters = enum_attribute(element, "trustGuestRxFilters", kYesNo);
    group.virtualport = parse_virtual_port(element, PortType::optional, PortId::given);
    group.bandwidth = parse_bandwidth(element, InterfaceType::bridge);
    group.vlan = parse_vlan(element);
    return group;
}

// Reads all <portgroup> elements. Names must be unique, and at most one group may be the default.
void parse_portgroups(const Element& root, Network& out) {
    std::set<std::string> names;
    std::optional<std::string> usual;  // the name of the default one
    const std::vector<Element> elements = root.children("portgroup");
    out.portgroups.reserve(elements.size());
    for (const Element& element : elements) {
        PortGroup group = parse_portgroup(element);
        if (!names.insert(group.name).second)
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("multiple <portgroup> elements with the same name ({}) in "
                                     "network '{}'",
                                     group.name, out.name),
                         "each name stands once");
        if (usual && group.is_default)
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("network '{}' has multiple default <portgroup> elements ({} "
                                     "and {}), but only one default is allowed",
                                     out.name, *usual, group.name),
                         "take default='yes' off one of them");
        if (group.is_default) usual = group.name;
        out.portgroups.push_back(std::move(group));
    }
}

// Reads the options of libvirt's namespace for dnsmasq. Each becomes a line of the configuration as
// it is.
void parse_dnsmasq_options(const Element& root, Network& out) {
    for (Element child = root.first_child(); child; child = child.next_sibling()) {
        if (child.name() != "options" || child.namespace_uri() != kDnsmasqNamespace) continue;
        child.mark_read();
        for (Element option = child.first_child(); option; option = option.next_sibling()) {
            if (option.name() != "option" || option.namespace_uri() != kDnsmasqNamespace) continue;
            option.mark_read();
            const auto value = option.attribute("value");
            if (!value)
                option.fail(ErrorCode::internal_error, "No dnsmasq options value specified",
                            "<dnsmasq:option value='log-queries'/>");
            require_one_line(option, "dnsmasq option", *value);
            out.dnsmasq_options.emplace_back(*value);
        }
    }
}

// A line break would let a value of the document add an option of its own to dnsmasq's
// configuration.
void require_one_line(const Element& element, std::string_view what, std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (std::none_of(text.begin(), text.end(), is_control)) return;
    element.fail(ErrorCode::xml_detail, fmt::format("{} has a control character", what),
                 "it becomes one line of dnsmasq's configuration");
}

ParsedNetwork parse_network(std::string_view text, const ParseOptions& options) {
    Document document(text, options.file);
    const Element root = document.root();
    if (root.name() != "network")
        root.fail(ErrorCode::xml_error,
                  fmt::format("expecting root element of 'network', not '{}'", root.name()),
                  "a network is <network>");
    // With `faults` set, errors are collected there instead of being thrown at the first one.
    document.collect(options.faults);
    if (options.validate)
        // validate() runs the parser only after the schema has found a fault, to explain it in
        // better words.
        validate(document, "network.rng", [&] { (void)parse_parts(root, options.live); });
    ParsedNetwork result;
    result.network = parse_parts(root, options.live);
    if (options.defaults) fill_generated(result.network);
    document.report_unread();
    result.notices = document.take_notices();
    return result;
}

}  // namespace lxvirt::xml
