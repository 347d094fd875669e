#include "driver/network/publications.hh"

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"
#include "driver/network/guest_names.hh"
#include "driver/network/reservations.hh"
#include "xml/document/values.hh"
#include "xml/domain/guards.hh"

namespace lxvirt::driver {

using base::ErrorCode;

std::string known_address(const xml::Network& network, const xml::Interface& interface, bool v6) {
    const auto fits = [v6](const std::string& text) {
        const auto address = xml::to_ip_address(text);
        return address && address->v6 == v6;
    };
    for (const xml::IpAddress& ip : interface.ips)
        if (fits(ip.address)) return ip.address;
    for (const auto& [name, value] : interface.filter_parameters)
        if (xml::is_address_parameter(name) && fits(value)) return value;
    if (const auto mac = base::parse_mac(interface.mac))
        for (const xml::DhcpHost* host : static_hosts(network, *mac))
            if (fits(host->ip)) return host->ip;
    return {};
}

std::string format_publications(const std::vector<netd::Publication>& publications) {
    std::string text;
    for (const netd::Publication& one : publications)
        text += fmt::format("{}{},{},{},{},{}", text.empty() ? "" : " ", one.proto, one.host_port,
                            one.host_address, one.address, one.port);
    return text;
}

std::vector<netd::Publication> parse_publications(const std::string& text,
                                                  const std::string& path) {
    std::vector<netd::Publication> made;
    for (const std::string_view word : base::split_words(text)) {
        const auto parts = base::split(word, ',');
        const auto host =
            parts.size() == 5 ? base::parse_number<std::uint16_t>(parts[1]) : std::nullopt;
        const auto port =
            parts.size() == 5 ? base::parse_number<std::uint16_t>(parts[4]) : std::nullopt;
        if (!host || !port)
            base::fail(ErrorCode::internal_error, "{}:1: '{}' is no publication", path, word);
        made.push_back({.proto = std::string(parts[0]),
                        .host_address = std::string(parts[2]),
                        .address = std::string(parts[3]),
                        .host_port = *host,
                        .port = *port,
                        .file = {}});
    }
    return made;
}

std::vector<netd::Publication> resolve_publications(
    const Root& root, const xml::Network& network,
    const std::vector<xml::ContainerPublication>& wanted_ports, const xml::Interface& interface) {
    std::vector<netd::Publication> made;
    if (wanted_ports.empty()) return made;
    const auto mode = network.forward.mode;
    if (!network.makes_bridge() ||
        (mode != xml::ForwardMode::nat && mode != xml::ForwardMode::route))
        base::fail(
            ErrorCode::config_unsupported,
            "interface {}: <lx:publish> needs a network with <forward mode='nat'/> or 'route', "
            "which '{}' is not",
            interface.mac, network.name);
    std::string v4 = known_address(network, interface, false);
    if (v4.empty()) v4 = reserved_address(root, network, interface.mac).value_or("");
    const std::string v6 = known_address(network, interface, true);
    for (const xml::ContainerPublication& wanted : wanted_ports) {
        const bool to_v6 = wanted.address.find(':') != std::string::npos;
        if ((to_v6 && v6.empty()) ||
            (!to_v6 && v4.empty() && (!wanted.address.empty() || v6.empty())))
            base::fail(
                ErrorCode::config_unsupported,
                "interface {}: {} cannot be published, since no {} address of the container is "
                "known: right would be <ip address='...'/> in the <interface>, or <dhcp> with a "
                "<range> in network '{}', which then reserves one of IPv4",
                interface.mac, xml::publication_text(wanted), to_v6 ? "IPv6" : "IPv4",
                network.name);
        for (const std::string& address : {v4, v6}) {
            const bool fits =
                wanted.address.empty() || (address.find(':') != std::string::npos) == to_v6;
            if (address.empty() || !fits) continue;
            made.push_back({.proto = wanted.proto,
                            .host_address = wanted.address,
                            .address = address,
                            .host_port = wanted.host,
                            .port = wanted.container,
                            .file = {}});
        }
    }
    return made;
}

}  // namespace lxvirt::driver
