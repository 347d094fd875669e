#include "xml/domain/guards.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/text/text.hh"
#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/container_parts.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Names one of libvirt's filters, and says which guards it stands for.
struct Filter {
    std::string_view name;
    bool mac, ip, arp;
};
constexpr std::array<Filter, 7> kFilters{{
    {"clean-traffic", true, true, true},
    {"no-mac-spoofing", true, false, false},
    {"no-ip-spoofing", false, true, false},
    {"no-ipv6-spoofing", false, true, false},
    {"no-arp-spoofing", false, false, true},
    {"no-arp-mac-spoofing", false, false, true},
    {"no-arp-ip-spoofing", false, false, true},
}};

// Parameters of libvirt's filters: addresses of the container, and how they are learnt.
constexpr std::array<std::string_view, 2> kAddressParameters{"IP", "IPV6"};
constexpr std::string_view kLearning = "CTRL_IP_LEARNING";

std::string filter_names() {
    std::string names;
    for (const Filter& filter : kFilters)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", filter.name);
    return names;
}

std::optional<bool> asked(bool on) {
    return on ? std::optional<bool>(true) : std::nullopt;
}

// Says whether an address of the container is known without its network.
bool has_address(const Interface& interface) {
    return !interface.ips.empty() ||
           std::any_of(
               interface.filter_parameters.begin(), interface.filter_parameters.end(),
               [](const auto& parameter) { return is_address_parameter(parameter.first); });
}

// Throws where the interface cannot have these guards.
void check_guard(const Element& element, const Interface& interface, const ContainerGuard& guard) {
    if (!guard.asks()) return;
    if (interface.type == InterfaceType::direct)
        element.fail(
            ErrorCode::config_unsupported,
            "an interface of type 'direct' has no guards: a macvlan has no port on the host",
            "guards are for interfaces of type network, bridge and ethernet");
    const bool needs = guard.ip.value_or(false) || guard.arp.value_or(false);
    if (needs && interface.type != InterfaceType::network && !has_address(interface))
        element.fail(ErrorCode::config_unsupported,
                     "the guards 'ip' and 'arp' need the container's addresses",
                     "<ip address='...'/> in the <interface>");
}

}  // namespace

Element extension_child(const Element& parent, std::string_view name) {
    Element child = parent.first_child();
    while (child && (child.namespace_uri() != kContainerNamespace || child.name() != name))
        child = child.next_sibling();
    return child;
}

bool is_address_parameter(std::string_view name) {
    return has_word(kAddressParameters, name);
}

std::optional<ContainerGuard> guards_of_filter(std::string_view filter) {
    for (const Filter& known : kFilters)
        if (known.name == filter)
            return ContainerGuard{
                .mac = asked(known.mac), .ip = asked(known.ip), .arp = asked(known.arp)};
    return std::nullopt;
}

std::size_t position_of(const Domain& domain, const Interface& interface) {
    const auto found = std::find_if(domain.interfaces.begin(), domain.interfaces.end(),
                                    [&](const Interface& one) { return one.mac == interface.mac; });
    return static_cast<std::size_t>(found - domain.interfaces.begin());
}

ContainerGuard guards_of(const Domain& domain, const Interface& interface) {
    const std::size_t index = position_of(domain, interface);
    ContainerGuard made;
    for (const ContainerInterface& more : domain.container.interfaces)
        if (more.index == index && more.guard) made = *more.guard;
    if (!interface.filterref) return made;
    const auto filter = guards_of_filter(*interface.filterref);
    if (!filter)
        base::fail(ErrorCode::config_unsupported,
                   "{}: <filterref filter='{}'>: lxvirt has no such filter; it has {}",
                   interface.filterref_place, *interface.filterref, filter_names());
    if (filter->mac) made.mac = filter->mac;
    if (filter->ip) made.ip = filter->ip;
    if (filter->arp) made.arp = filter->arp;
    return made;
}

void check_filter(const Element& element, const Interface& interface) {
    if (!interface.filterref) return;
    const Element filter = element.child("filterref");
    if (!filter) return;  // a fault that is told already
    const auto guards = guards_of_filter(*interface.filterref);
    if (!guards)
        filter.fail(
            ErrorCode::config_unsupported,
            fmt::format("<filterref filter='{}'>: lxvirt has no such filter", *interface.filterref),
            fmt::format("one of {}", filter_names()));
    for (const Element& parameter : filter.children("parameter")) {
        const std::string name(parameter.attribute("name").value_or(""));
        const std::string value(parameter.attribute("value").value_or(""));
        if (name == kLearning && value == "none") continue;
        if (!is_address_parameter(name))
            parameter.fail(
                ErrorCode::config_unsupported,
                fmt::format("<parameter name='{}' value='{}'> of <filterref> has no effect", name,
                            value),
                "IP or IPV6 with an address, or CTRL_IP_LEARNING with 'none'");
        if (!to_ip_address(value)) fail_attribute(parameter, "value", value, "an IP address");
    }
    check_guard(filter, interface, *guards);
}

void check_guards(const Element& element, const Domain& domain) {
    const Element devices = element.child("devices");
    const auto elements = devices ? devices.children("interface") : std::vector<Element>{};
    if (elements.size() != domain.interfaces.size()) return;  // a fault that is told already
    for (std::size_t i = 0; i < elements.size(); ++i)
        check_filter(elements[i], domain.interfaces[i]);
    const Element container = extension_child(element, "container");
    if (!container) return;
    for (Element part = container.first_child(); part; part = part.next_sibling()) {
        if (part.namespace_uri() != kContainerNamespace || part.name() != "interface") continue;
        const Element guard = extension_child(part, "guard");
        if (!guard) continue;
        const auto index = base::parse_number<std::size_t>(part.attribute("index").value_or(""));
        if (!index || *index >= domain.interfaces.size())
            guard.fail(ErrorCode::xml_error,
                       fmt::format("<lx:guard> is for interface {}, and the domain has {}",
                                   part.attribute("index").value_or(""), domain.interfaces.size()),
                       "index counts the interfaces of <devices> from 0");
        const Interface& interface = domain.interfaces[*index];
        const ContainerGuard asked = parse_guard(guard);
        check_guard(guard, interface, asked);
        if (!interface.filterref) continue;
        const auto filter = guards_of_filter(*interface.filterref).value_or(ContainerGuard{});
        for (const auto& [name, member] : kGuards)
            if ((filter.*member).value_or(false) && !(asked.*member).value_or(true))
                guard.fail(ErrorCode::xml_error,
                           fmt::format("{}='no' in <lx:guard> contradicts <filterref filter='{}'>",
                                       name, *interface.filterref),
                           "one of them");
    }
}

}  // namespace lxvirt::xml
