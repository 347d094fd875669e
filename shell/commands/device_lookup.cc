#include "shell/commands/device_lookup.hh"

#include <algorithm>

#include "base/file/file.hh"
#include "shell/commands/network_lookup.hh"
#include "shell/core/parser.hh"
#include "shell/core/session.hh"
#include "xml/device/device.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

// Returns what the unfinished line has said for an option, or an empty text.
std::string said(const Session& session, std::string_view option) {
    const Invocation* const line = session.unfinished_line();
    if (line == nullptr || !line->has(option)) return {};
    return line->text(option);
}

// Returns the domain of the line; an empty one without it. Its live definition where it runs.
xml::Domain domain_of_line(Session& session) {
    const std::string name = said(session, "domain");
    if (name.empty()) return {};
    const driver::DomainRef domain = session.connection().lookup_by_name(name);
    const std::string text = session.connection().xml_desc(domain);
    return xml::parse_domain(text, {.file = name, .defaults = false, .live = domain.id != -1})
        .domain;
}

std::vector<std::string> sorted(std::vector<std::string> values) {
    std::erase(values, std::string());
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

// Returns what `take` tells of each element of a list.
template <typename List, typename Take>
std::vector<std::string> each(const List& list, Take&& take) {
    std::vector<std::string> values;
    for (const auto& one : list) values.emplace_back(take(one));
    return sorted(std::move(values));
}

}  // namespace

std::vector<std::string> complete_interfaces(Session& session) {
    std::vector<std::string> values;
    for (const xml::Interface& one : domain_of_line(session).interfaces)
        values.insert(values.end(), {one.target, one.guest, one.mac});
    return sorted(std::move(values));
}

std::vector<std::string> complete_macs(Session& session) {
    return each(
        domain_of_line(session).interfaces, [](const xml::Interface& one) { return one.mac; });
}

std::vector<std::string> complete_used_types(Session& session) {
    return each(
        domain_of_line(session).interfaces,
        [](const xml::Interface& one) { return xml::name_of(xml::kInterfaceTypes, one.type); });
}

std::vector<std::string> complete_blocks(Session& session) {
    std::vector<std::string> values = complete_disks(session);
    for (std::string& point : complete_mount_points(session)) values.push_back(std::move(point));
    return values;
}

std::vector<std::string> complete_disks(Session& session) {
    return each(
        domain_of_line(session).disks, [](const xml::Disk& one) { return one.target; });
}

std::vector<std::string> complete_mount_points(Session& session) {
    return each(
        domain_of_line(session).filesystems, [](const xml::Filesystem& one) { return one.target; });
}

std::vector<std::string> complete_aliases(Session& session) {
    return each(
        xml::devices_of(domain_of_line(session)),
        [](const xml::Device& one) { return xml::device_alias(one); });
}

std::vector<std::string> complete_consoles(Session& session) {
    return each(
        domain_of_line(session).consoles, [](const xml::Console& one) { return one.alias; });
}

std::vector<std::string> complete_published(Session& session) {
    std::vector<std::string> values;
    for (const xml::ContainerInterface& more : domain_of_line(session).container.interfaces)
        for (const xml::ContainerPublication& one : more.publications)
            values.push_back(std::to_string(one.host));
    return sorted(std::move(values));
}

std::vector<std::string> complete_interface_sources(Session& session) {
    if (said(session, "type") == "network") return complete_active_networks(session);
    return base::list_folder("/sys/class/net");
}

std::vector<std::string> complete_lease_macs(Session& session) {
    const auto network = session.connection().networks().lookup_by_name(said(session, "network"));
    return each(session.connection().networks().dhcp_leases(network, std::nullopt).leases,
                [](const driver::DhcpLease& lease) { return lease.mac; });
}

}  // namespace lxvirt::shell
