// net-update: changes one section of a network as virNetworkUpdate() of libvirt does. The fragment
// is parsed by the functions that parse the whole document, the change is made in a copy, and the
// copy must be a valid network before it takes the place of the original.

#include "xml/network/update.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "xml/document/read.hh"
#include "xml/network/change.hh"
#include "xml/network/document.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// The commands of virsh net-update, with "add" for "add-last".
constexpr std::array<Name<UpdateCommand>, 5> kCommands{{
    {"modify", UpdateCommand::modify},
    {"delete", UpdateCommand::delete_},
    {"add-last", UpdateCommand::add_last},
    {"add-first", UpdateCommand::add_first},
    {"add", UpdateCommand::add_last},  // virsh's word
}};

// The sections of virNetworkUpdateSection, by virsh's names.
constexpr std::array<Name<UpdateSection>, 12> kSections{{
    {"bridge", UpdateSection::bridge},
    {"domain", UpdateSection::domain},
    {"ip", UpdateSection::ip},
    {"ip-dhcp-host", UpdateSection::ip_dhcp_host},
    {"ip-dhcp-range", UpdateSection::ip_dhcp_range},
    {"forward", UpdateSection::forward},
    {"forward-interface", UpdateSection::forward_interface},
    {"forward-pf", UpdateSection::forward_pf},
    {"portgroup", UpdateSection::portgroup},
    {"dns-host", UpdateSection::dns_host},
    {"dns-txt", UpdateSection::dns_txt},
    {"dns-srv", UpdateSection::dns_srv},
}};

// Returns the words of a table in the table's order, for messages and for completion.
template <typename T, std::size_t N>
std::vector<std::string_view> words(const std::array<Name<T>, N>& table) {
    std::vector<std::string_view> result;
    for (const Name<T>& entry : table) result.push_back(entry.text);
    return result;
}

// Adds or deletes a device of <forward>; one that domains use is kept.
void update_forward_interface(const Change& change) {
    require_element(change, "interface");
    refuse_modify(change, "forward interface entries");
    Network& network = change.network;
    const std::string dev = string_attribute(change.element, "dev");
    if (dev.empty())
        change.element.fail(ErrorCode::xml_error, "missing dev attribute in <interface> element",
                            "<interface dev='eth0'/>");
    auto& interfaces = network.forward.interfaces;
    const auto found =
        std::find_if(interfaces.begin(), interfaces.end(),
                     [&dev](const ForwardInterface& entry) { return entry.dev == dev; });
    if (change.adds()) {
        if (found != interfaces.end())
            base::fail(ErrorCode::operation_invalid,
                       "there is an existing interface entry in network '{}' that matches "
                       "\"<interface dev='{}'>\"",
                       network.name, dev);
        return change.add(interfaces, parse_forward_interface(change.element, network.name, false));
    }
    if (found == interfaces.end())
        base::fail(ErrorCode::operation_invalid,
                   "couldn't find an interface entry in network '{}' matching <interface dev='{}'>",
                   network.name, dev);
    if (found->connections != 0)
        base::fail(ErrorCode::operation_invalid,
                   "unable to delete interface '{}' in network '{}'. It is currently being used by "
                   "{} domains.",
                   dev, network.name, found->connections);
    interfaces.erase(found);
}

// Adds, replaces or deletes a <portgroup>, which its name identifies.
void update_portgroup(const Change& change) {
    require_element(change, "portgroup");
    Network& network = change.network;
    PortGroup group = parse_portgroup(change.element);
    auto& groups = network.portgroups;
    const auto found = std::find_if(groups.begin(), groups.end(), [&group](const PortGroup& other) {
        return other.name == group.name;
    });
    if (!change.adds() && found == groups.end())
        base::fail(ErrorCode::operation_invalid,
                   "couldn't find a portgroup entry in network '{}' matching <portgroup name='{}'>",
                   network.name, group.name);
    if (change.adds() && found != groups.end())
        base::fail(ErrorCode::operation_invalid,
                   "there is an existing portgroup entry in network '{}' that matches "
                   "\"<portgroup name='{}'>\"",
                   network.name, group.name);
    if (change.deletes()) {
        groups.erase(found);
        return;
    }
    const bool other_default = std::any_of(
        groups.begin(), groups.end(),
        [&group](const PortGroup& other) { return other.is_default && other.name != group.name; });
    if (group.is_default && other_default)
        base::fail(ErrorCode::operation_invalid,
                   "a different portgroup entry in network '{}' is already set as the default. "
                   "Only one default is allowed.",
                   network.name);
    if (change.adds())
        change.add(groups, std::move(group));
    else
        *found = std::move(group);
}

// Calls the function of a section; throws operation_unsupported for a section that cannot be
// changed.
void update_section(const Change& change, UpdateSection section) {
    switch (section) {
        case UpdateSection::ip_dhcp_host: return update_dhcp_host(change);
        case UpdateSection::ip_dhcp_range: return update_dhcp_range(change);
        case UpdateSection::forward_interface: return update_forward_interface(change);
        case UpdateSection::portgroup: return update_portgroup(change);
        case UpdateSection::dns_host: return update_dns_host(change);
        case UpdateSection::dns_txt: return update_dns_txt(change);
        case UpdateSection::dns_srv: return update_dns_srv(change);
        // libvirt cannot update these sections either.
        case UpdateSection::bridge:
        case UpdateSection::domain:
        case UpdateSection::ip:
        case UpdateSection::forward:
        case UpdateSection::forward_pf: break;
    }
    // libvirt's text has the section's name with blanks.
    std::string name(name_of(kSections, section));
    std::replace(name.begin(), name.end(), '-', ' ');
    base::fail(ErrorCode::operation_unsupported, "can't update '{}' section of network '{}'", name,
               change.network.name);
}

}  // namespace

std::optional<UpdateCommand> update_command(std::string_view text) {
    return value_of(kCommands, text);
}

std::optional<UpdateSection> update_section(std::string_view text) {
    return value_of(kSections, text);
}

std::vector<std::string_view> update_commands() {
    return words(kCommands);
}

std::vector<std::string_view> update_sections() {
    return words(kSections);
}

void require_element(const Change& change, std::string_view name) {
    if (change.element.name() == name) return;
    change.element.fail(
        ErrorCode::xml_error,
        fmt::format("unexpected element <{}>, expecting <{}>, while updating network '{}'",
                    change.element.name(), name, change.network.name),
        fmt::format("this section consists of <{}>", name));
}

void refuse_modify(const Change& change, std::string_view what) {
    if (change.command == UpdateCommand::modify)
        base::fail(ErrorCode::operation_unsupported, "{} cannot be modified, only added or deleted",
                   what);
}

std::vector<Notice> update_network(Network& network, UpdateCommand command, UpdateSection section,
                                   int parent_index, std::string_view fragment) {
    // Errors name the file "network_update_xml", as libvirt's do.
    Document document(fragment, "network_update_xml");
    Network changed = network;
    update_section(Change{changed, command, parent_index, document.root()}, section);
    document.report_unread();
    // The whole network must be valid by itself, or its next define would be refused.
    (void)parse_network(format_network(changed), {.file = "(updated network)", .defaults = false});
    network = std::move(changed);
    return document.take_notices();
}

}  // namespace lxvirt::xml
