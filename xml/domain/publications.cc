#include "xml/domain/publications.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.hh"
#include "base/text/text.hh"
#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/container_parts.hh"
#include "xml/domain/guards.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

constexpr std::array<std::string_view, 2> kProtocols = {"tcp", "udp"};
constexpr std::uint64_t kHighestPort = 65535;

std::uint16_t parse_port(const Element& element, std::string_view name) {
    const auto port = unsigned_attribute(element, name, kHighestPort).value_or(0);
    if (port == 0)
        fail_attribute(element, name, string_attribute(element, name), "a port from 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

constexpr std::string_view kRightAddress =
    "an address at which others reach the host; none stands for all of them";

// Returns an address at which somebody outside could reach the host, "" for all of them, and nullopt
// for any other text.
std::optional<std::string> to_host_address(const std::string& text) {
    if (text.empty()) return std::string();
    const auto address = to_ip_address(text);
    if (!address) return std::nullopt;
    const auto& bytes = address->bytes;
    const bool is_loopback = address->v6 ? address->text() == "::1" : bytes[0] == 127;
    const bool is_many = address->v6 ? bytes[0] == 0xff : bytes[0] >= 224;
    if (is_loopback || is_many) return std::nullopt;
    return address->text() == "0.0.0.0" || address->text() == "::" ? "" : address->text();
}

bool meet(const ContainerPublication& one, const ContainerPublication& other) {
    return one.proto == other.proto && one.host == other.host &&
           (one.address == other.address || one.address.empty() || other.address.empty());
}

}  // namespace

ContainerPublication parse_publication(const Element& element) {
    ContainerPublication made;
    (void)required(element, "host");
    made.proto = word_attribute(element, "proto", kProtocols);
    if (made.proto.empty()) made.proto = kProtocols[0];
    made.host = parse_port(element, "host");
    made.container = element.attribute("container") ? parse_port(element, "container") : made.host;
    const std::string address = string_attribute(element, "address");
    const auto usable = to_host_address(address);
    if (!usable) fail_attribute(element, "address", address, kRightAddress);
    made.address = *usable;
    return made;
}

void format_publication(Writer& out, const ContainerPublication& publication) {
    format_flat(out, "lx:publish",
                {{"proto", publication.proto},
                 {"host", std::to_string(publication.host)},
                 {"container", std::to_string(publication.container)},
                 {"address", publication.address}});
}

std::vector<ContainerPublication> publications_of(const Domain& domain,
                                                  const Interface& interface) {
    const std::size_t index = position_of(domain, interface);
    for (const ContainerInterface& more : domain.container.interfaces)
        if (more.index == index) return more.publications;
    return {};
}

void add_publication(Domain& domain, std::size_t interface, const ContainerPublication& wanted) {
    if (interface >= domain.interfaces.size() ||
        domain.interfaces[interface].type != InterfaceType::network)
        base::fail(ErrorCode::config_unsupported,
                   "{} cannot be published: this needs an interface of type 'network'",
                   publication_text(wanted));
    ContainerInterface* place = nullptr;
    for (ContainerInterface& more : domain.container.interfaces) {
        if (more.index == interface) place = &more;
        for (const ContainerPublication& other : more.publications)
            if (meet(wanted, other))
                base::fail(ErrorCode::operation_invalid,
                           "domain '{}' publishes {} already: it leads to port {} of interface {}",
                           domain.name, publication_text(other), other.container,
                           domain.interfaces[more.index].mac);
    }
    if (place == nullptr) {
        place = &domain.container.interfaces.emplace_back();
        place->index = static_cast<unsigned>(interface);
    }
    place->publications.push_back(wanted);
}

std::optional<std::size_t> remove_publication(Domain& domain, const ContainerPublication& meant) {
    for (ContainerInterface& more : domain.container.interfaces) {
        const std::size_t removed =
            std::erase_if(more.publications, [&](const ContainerPublication& one) {
                return one.proto == meant.proto && one.host == meant.host &&
                       one.address == meant.address;
            });
        if (removed == 0) continue;
        const std::size_t index = more.index;
        std::erase_if(domain.container.interfaces, [&](const ContainerInterface& one) {
            return one == ContainerInterface{.index = one.index};
        });
        return index;
    }
    return std::nullopt;
}

std::uint16_t parse_published_port(const std::string& text) {
    const auto port = base::parse_number<std::uint16_t>(text);
    if (!port || *port == 0)
        base::fail(ErrorCode::invalid_arg, "'{}' is no port: right would be one from 1 to {}", text,
                   kHighestPort);
    return *port;
}

std::string parse_published_address(const std::string& text) {
    auto address = to_host_address(text);
    if (!address)
        base::fail(ErrorCode::invalid_arg, "'{}' is not right: right would be {}", text,
                   kRightAddress);
    return std::move(*address);
}

std::string publication_text(const ContainerPublication& publication) {
    return fmt::format("{} port {}{}{}", publication.proto, publication.host,
                       publication.address.empty() ? "" : " of ", publication.address);
}

void check_publications(const Element& element, const Domain& domain) {
    const Element container = extension_child(element, "container");
    // The addresses at which a port of a protocol is published.
    std::map<std::pair<std::string, std::uint16_t>, std::set<std::string>> seen;
    if (!container) return;
    for (Element part = container.first_child(); part; part = part.next_sibling()) {
        if (part.namespace_uri() != kContainerNamespace || part.name() != "interface") continue;
        const auto index = unsigned_attribute(part, "index").value_or(0);
        for (Element child = part.first_child(); child; child = child.next_sibling()) {
            if (child.namespace_uri() != kContainerNamespace || child.name() != "publish") continue;
            if (index >= domain.interfaces.size() ||
                domain.interfaces[index].type != InterfaceType::network)
                child.fail(ErrorCode::config_unsupported,
                           "<lx:publish> needs an interface of type 'network'",
                           "index counts the interfaces of <devices> from 0");
            const ContainerPublication made = parse_publication(child);
            std::set<std::string>& there = seen[{made.proto, made.host}];
            if (made.address.empty() ? !there.empty()
                                     : there.contains(made.address) || there.contains(""))
                child.fail(ErrorCode::xml_error,
                           fmt::format("{} is published twice", publication_text(made)),
                           "another port of the host, or another of its addresses");
            there.insert(made.address);
        }
    }
}

}  // namespace lxvirt::xml
