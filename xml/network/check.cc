// The rules among the elements of one network, and the rules that involve other networks and the
// host. libvirt checks most of them in its parser and the rest at define or start; the texts of the
// errors are libvirt's, because programs compare them, and each hint is lxvirt's own.
#include <fmt/format.h>

#include <algorithm>

#include "base/text/text.hh"
#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/network/check.hh"
#include "xml/network/names.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Refuses elements that belong to a bridge which we make, in a network that makes none.
void check_foreign_elements(const Element& root, const Network& network) {
    const std::string_view mode = name_of(kForwardModes, network.forward.mode);
    // Fails at the element itself, so that the error names the line of the file.
    const auto refuse = [&](bool present, std::string_view element) {
        if (!present) return;
        root.child(element).fail(ErrorCode::config_unsupported,
                                 fmt::format("Unsupported <{}> element in network {} with forward "
                                             "mode='{}'",
                                             element, network.name, mode),
                                 "it belongs to networks that make a bridge of their own");
    };
    refuse(!network.ips.empty(), "ip");
    refuse(network.domain.has_value(), "domain");
    refuse(!network.mac.empty(), "mac");
    const Dns& dns = network.dns;
    refuse(dns.enable || dns.forward_plain_names || !dns.forwarders.empty() || !dns.txts.empty() ||
               !dns.srvs.empty() || !dns.hosts.empty(),
           "dns");
    if (network.mtu)
        root.child("mtu").fail(ErrorCode::xml_error,
                               fmt::format("mtu size only allowed in open, route, nat, and "
                                           "isolated mode, not in {} (network '{}')",
                                           mode, network.name),
                               "the existing device keeps its own");
}

// A network of mode 'bridge' names either a bridge or devices of the host; the other modes that
// make no bridge name devices only.
void check_plug(const Element& root, const Network& network) {
    const Forward& forward = network.forward;
    const bool has_device = !forward.interfaces.empty() || !forward.pf.empty();
    if (network.bridge.name.empty()) return;
    const Element bridge = root.child("bridge");
    if (forward.mode != ForwardMode::bridge)
        bridge.fail(ErrorCode::xml_error,
                    fmt::format("bridge name not allowed in {} mode (network '{}')",
                                name_of(kForwardModes, forward.mode), network.name),
                    "name a device: <forward dev='eth0'/>");
    if (has_device)
        bridge.fail(ErrorCode::xml_error,
                    fmt::format("A network with forward mode='bridge' can specify a bridge name or "
                                "a forward dev, but not both (network '{}')",
                                network.name),
                    "remove one of them");
}

// A network that forwards needs an address to forward for, and at most one way out.
void check_forward(const Element& root, const Network& network) {
    const Forward& forward = network.forward;
    const std::string_view mode = name_of(kForwardModes, forward.mode);
    const Element place = root.child("forward");
    const bool forwards = forward.mode == ForwardMode::nat || forward.mode == ForwardMode::route;
    if (forward.mode != ForwardMode::none && network.ips.empty())
        place.fail(ErrorCode::xml_error,
                   fmt::format("{} forwarding requested, but no IP address provided for network "
                               "'{}'",
                               mode, network.name),
                   "add <ip address='192.168.100.1' prefix='24'/>");
    if (forwards && forward.interfaces.size() > 1)
        place.fail(ErrorCode::xml_error,
                   fmt::format("multiple forwarding interfaces specified for network '{}', only "
                               "one is supported",
                               network.name),
                   "keep one <interface>");
    if (forward.mode == ForwardMode::open && !forward.interfaces.empty())
        place.fail(ErrorCode::xml_error,
                   fmt::format("forward dev not allowed for network '{}' with forward mode='open'",
                               network.name),
                   "remove dev, or choose mode='route'");
}

// libvirt gives a <vlan> to ports of Open vSwitch only, never to those of a kernel bridge.
void check_vlan(const Element& root, const Network& network) {
    const auto takes_vlan = [](const std::optional<VirtualPort>& port) {
        return port && port->type == "openvswitch";
    };
    if (takes_vlan(network.virtualport)) return;
    Element place = network.vlan ? root.child("vlan") : Element{};
    const std::vector<Element> groups = root.children("portgroup");
    for (std::size_t i = 0; i < groups.size() && !place; ++i)
        if (network.portgroups[i].vlan && !takes_vlan(network.portgroups[i].virtualport))
            place = groups[i].child("vlan");
    if (!place) return;
    place.fail(ErrorCode::config_unsupported,
               fmt::format("<vlan> element specified for network {}, whose type doesn't support "
                           "vlan configuration",
                           network.name),
               "only <virtualport type='openvswitch'> takes one");
}

// The kernel's traffic control shapes a bridge's port, and not what a macvlan or a virtual function
// carries.
void check_portgroup_bandwidth(const Element& root, const Network& network) {
    if (network.makes_bridge() || network.forward.mode == ForwardMode::bridge) return;
    const std::vector<Element> groups = root.children("portgroup");
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (network.portgroups[i].bandwidth)
            groups[i]
                .child("bandwidth")
                .fail(
                    ErrorCode::config_unsupported,
                    fmt::format("Unsupported <bandwidth> element in network '{}' in portgroup '{}' "
                                "with forward mode='{}'",
                                network.name, network.portgroups[i].name,
                                name_of(kForwardModes, network.forward.mode)),
                    "it belongs to networks with a bridge");
}

// dnsmasq's options that lxvirt sets itself and that dnsmasq takes only once ("illegal repeated
// keyword"), or reads from the command line only. kDhcp: set where a subnet has <dhcp>.
constexpr std::string_view kOwnOptions[] = {"pid-file", "user", "group", "log-facility"};
constexpr std::string_view kDhcpOptions[] = {"dhcp-leasefile", "dhcp-lease-max"};

// Returns why dnsmasq's option cannot stand in the document of that network, or "" if it can.
std::string fault_of_option(const Network& network, std::string_view name) {
    const auto is_one_of = [name](std::span<const std::string_view> options) {
        return std::find(options.begin(), options.end(), name) != options.end();
    };
    const bool dhcp = std::any_of(network.ips.begin(), network.ips.end(),
                                  [](const NetworkIp& ip) { return !ip.dhcp.empty(); });
    if (is_one_of(kOwnOptions)) return "lxvirt sets this option of dnsmasq itself";
    if (dhcp && is_one_of(kDhcpOptions))
        return "lxvirt sets this option of dnsmasq itself for a network with <dhcp>";
    if (name == "port" && !network.dns.enable.value_or(true))
        return "<dns enable='no'/> sets this option of dnsmasq to 0";
    if (name == "bind-interfaces")
        return "dnsmasq takes no bind-interfaces beside bind-dynamic, which lxvirt sets";
    return "";
}

// Two subnets overlap if they agree in the bits of the shorter prefix.
bool overlaps(const SocketAddress& a, unsigned a_prefix, const SocketAddress& b,
              unsigned b_prefix) {
    return a.v6 == b.v6 && a.shares(b, std::min(a_prefix, b_prefix));
}

constexpr unsigned kDefaultThirdByte = 122;  // third byte of libvirt's default network

}  // namespace

// A network that makes a bridge has other rules than one that uses what exists.
void check_network(const Element& root, const Network& network) {
    check_vlan(root, network);
    check_portgroup_bandwidth(root, network);
    if (network.makes_bridge()) return check_forward(root, network);
    check_foreign_elements(root, network);
    check_plug(root, network);
}

// read_file() in dnsmasq's option.c takes blanks around the name of an option.
void check_dnsmasq_options(const Element& root, const Network& network) {
    for (Element child = root.first_child(); child; child = child.next_sibling()) {
        if (child.name() != "options" || child.namespace_uri() != kDnsmasqNamespace) continue;
        for (Element option = child.first_child(); option; option = option.next_sibling()) {
            const std::string value = string_attribute(option, "value");
            const std::string_view name =
                base::trim(std::string_view(value).substr(0, value.find('=')));
            const std::string fault = fault_of_option(network, name);
            if (fault.empty()) continue;
            option.fail(ErrorCode::config_unsupported,
                        fmt::format("dnsmasq option '{}' of network '{}' repeats one of lxvirt's "
                                    "own, and dnsmasq would not start",
                                    name, network.name),
                        fault);
        }
    }
}

// libvirt names its bridges virbr0, virbr1, and so on, whatever their networks are called.
void choose_bridge(Network& network, const std::vector<std::string>& taken) {
    if (!network.makes_bridge() || !network.bridge.name.empty()) return;
    for (unsigned i = 0;; ++i) {
        network.bridge.name = fmt::format("virbr{}", i);
        if (std::find(taken.begin(), taken.end(), network.bridge.name) == taken.end()) return;
    }
}

void require_free_bridge(const Network& network, std::span<const Network> others) {
    if (network.bridge.name.empty()) return;
    // Redefining a network under its uuid keeps its bridge.
    for (const Network& other : others) {
        if (other.uuid == network.uuid || other.bridge.name != network.bridge.name) continue;
        // Two networks that both use an existing bridge share it.
        if (!other.makes_bridge() && !network.makes_bridge()) continue;
        base::fail(ErrorCode::internal_error, "bridge name '{}' already in use.",
                   network.bridge.name);
    }
}

// Compares each <ip> with each subnet in use. A prefix of 0 is a default route, which overlaps with
// everything and means nothing.
std::optional<UsedSubnet> find_overlap(const Network& network, std::span<const UsedSubnet> used) {
    for (const NetworkIp& ip : network.ips) {
        const auto own = to_ip_address(ip.address);
        for (const UsedSubnet& other : used) {
            const auto address = to_ip_address(other.address);
            if (own && address && other.prefix != 0 &&
                overlaps(*own, ip_prefix(ip), *address, other.prefix))
                return other;
        }
    }
    return std::nullopt;
}

void require_free_subnets(const Network& network, std::span<const UsedSubnet> used) {
    if (const auto overlap = find_overlap(network, used))
        base::fail(ErrorCode::internal_error, "Network is already in use by {}", overlap->owner);
}

// libvirt's default network begins at 192.168.122.0/24, so that subnet is tried first.
std::optional<unsigned> free_default_subnet(std::span<const UsedSubnet> used) {
    for (unsigned i = 0; i < 256; ++i) {
        const unsigned byte = (kDefaultThirdByte + i) % 256;
        Network candidate;
        candidate.ips = {{.address = fmt::format("192.168.{}.1", byte), .prefix = 24}};
        if (!find_overlap(candidate, used)) return byte;
    }
    return std::nullopt;
}

// Replaces the third byte of every IPv4 address of the network; IPv6 addresses stay, since the
// default network has none.
void move_to_subnet(Network& network, unsigned third_byte) {
    const auto move = [third_byte](std::string& text) {
        const std::vector<std::string_view> bytes = base::split(text, '.');
        if (bytes.size() == 4)
            text = fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], third_byte, bytes[3]);
    };
    for (NetworkIp& ip : network.ips) {
        if (ip.v6()) continue;
        move(ip.address);
        for (DhcpRange& range : ip.dhcp.ranges) move(range.start), move(range.end);
        for (DhcpHost& host : ip.dhcp.hosts) move(host.ip);
    }
}

// 1024 to 65535 is libvirt's default range of source ports for masquerading.
void fill_live_defaults(Network& network) {
    if (network.forward.mode == ForwardMode::nat && !network.forward.nat.port)
        network.forward.nat.port = PortRange{1024, 65535};
}

}  // namespace lxvirt::xml
