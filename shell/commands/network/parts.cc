// net-update, net-port-list, net-port-create, net-port-dumpxml and net-port-delete.
#include <algorithm>

#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/network_lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/commands/xml_output.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"
#include "xml/network/update.hh"

namespace lxvirt::shell {

namespace {

// Returns copies of the words, as completers return them.
std::vector<std::string> strings(const std::vector<std::string_view>& words) {
    return {words.begin(), words.end()};
}

std::vector<std::string> complete_update_commands(Session&) {
    return strings(xml::update_commands());
}

std::vector<std::string> complete_update_sections(Session&) {
    return strings(xml::update_sections());
}

constexpr Option kUpdateOptions[] = {
    network_option(),
    {"command", OptionType::data, "add-first, add-last (or add), delete or modify",
     complete_update_commands, true},
    {"section", OptionType::data,
     "the list that changes: ip-dhcp-host, ip-dhcp-range, dns-host, dns-txt, dns-srv, portgroup or "
     "forward-interface",
     complete_update_sections, true},
    {"xml", OptionType::data,
     "the element, beginning with '<', or a file that contains it; for delete, only the attributes "
     "that identify the element",
     complete_files, true},
    {"parent-index", OptionType::integer,
     "the number of the <ip> element that is meant, counted from 0"},
    {"config", OptionType::boolean, "change the definition, which the next start takes"},
    {"live", OptionType::boolean, "change the running network"},
    {"current", OptionType::boolean,
     "change the running network, or the definition of one that is off"},
};

// Changes one element of a network. As in virsh, the argument is the element itself if it begins
// with '<', else the name of a file; -1 as the parent's index lets the driver find the parent.
bool update(Session& session, const Invocation& invocation) {
    const driver::Affect flags = affect_flags(invocation);
    const driver::NetworkRef network = find_network(session, invocation);
    const auto command = xml::update_command(invocation.text("command"));
    if (!command) give_up("unrecognized command name '{}'", invocation.text("command"));
    const auto section = xml::update_section(invocation.text("section"));
    if (!section) give_up("unrecognized section name '{}'", invocation.text("section"));
    const int index = static_cast<int>(invocation.number("parent-index", -1, -1));
    std::string fragment = invocation.text("xml");
    if (!fragment.starts_with('<')) fragment = read_document(fragment);
    driver::Networks& networks = session.connection().networks();
    const std::vector<std::string> notices = explain(
        fmt::format("Failed to update network {}", network.name),
        [&] { return networks.update(network, *command, *section, index, fragment, flags); });
    for (const std::string& notice : notices) session.warn(notice);
    // virsh says what was changed: without options that depends on whether the network runs.
    const bool live = has(flags, driver::Affect::live), config = has(flags, driver::Affect::config);
    const bool both = live && config;
    const bool to_live = live || (!config && networks.info(network).active);
    const std::string_view what = both      ? "persistent config and live state"
                                  : to_live ? "live state"
                                            : "persistent config";
    // As in virsh, the message has no newline: the blank line after each command ends it.
    session.print_format("Updated network {} {}{}", network.name, what,
                         session.options().quiet ? "\n" : "");
    return true;
}

constexpr Option kPortListOptions[] = {
    network_option(complete_active_networks),
    {"uuid", OptionType::boolean, "UUIDs, one a line"},
    {"table", OptionType::boolean, "a table (as without either)"},
};

// As in virsh, --table and --uuid show the same facts, since a port has no name.
bool port_list(Session& session, const Invocation& invocation) {
    invocation.exclusive("table", "uuid");
    const driver::NetworkRef network = find_network(session, invocation);
    std::vector<std::string> ports = explain("Failed to list network ports", [&] {
        return session.connection().networks().ports(network);
    });
    std::sort(ports.begin(), ports.end());
    terminal::Table table({"UUID"});
    for (const std::string& port : ports)
        if (invocation.has("uuid"))
            session.print_format("{}\n", port);
        else
            table.add({port});
    if (!invocation.has("uuid")) session.print(table.text(!session.options().quiet));
    return true;
}

constexpr Option kPortCreateOptions[] = {
    network_option(complete_active_networks),
    {"file", OptionType::data, "the file with the port's XML", complete_files, true},
    {"validate", OptionType::boolean, "refuse a document that the schema does not accept"},
};

// virsh says "create network" in this error, although a port is created.
bool port_create(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    const std::string file = invocation.text("file");
    const std::string text = read_document(file);
    const std::string uuid = explain(fmt::format("Failed to create network from {}", file), [&] {
        return session.connection().networks().create_port(network, text, file,
                                                           define_flags(invocation));
    });
    session.print_extra_format("Network port {} created from {}\n", uuid, file);
    return true;
}

// Returns the ports of every active network: the completer does not see which one was named.
std::vector<std::string> complete_ports(Session& session) {
    std::vector<std::string> out;
    const driver::Networks& networks = session.connection().networks();
    for (const driver::NetworkSummary& network : networks.list({.active = true}))
        for (std::string& port : networks.ports({network.name, network.uuid}))
            out.push_back(std::move(port));
    std::sort(out.begin(), out.end());
    return out;
}

constexpr Option kPort{"port", OptionType::data, "the port's UUID", complete_ports, true};

// Returns the port's XML. Throws Failure with virsh's line alone if there is no such port.
std::string port_text(Session& session, const driver::NetworkRef& network,
                      const std::string& port) {
    try {
        return session.connection().networks().port_xml(network, port);
    } catch (const base::Exception&) {
        give_up("failed to get network port '{}'", port);  // virsh gives no reason either
    }
}

constexpr Option kPortDumpxmlOptions[] = {network_option(complete_active_networks), kPort,
                                          kXpathOption, kWrapOption};

bool port_dumpxml(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    print_xml(session, invocation, port_text(session, network, invocation.text("port")));
    return true;
}

constexpr Option kPortDeleteOptions[] = {network_option(complete_active_networks), kPort};

// As in virsh, the port is looked up first, so that an unknown one has its own error.
bool port_delete(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    const std::string port = invocation.text("port");
    (void)port_text(session, network, port);
    explain(fmt::format("Failed to delete network port {}", port),
            [&] { session.connection().networks().delete_port(network, port); });
    session.print_extra_format("Network port {} deleted\n", port);
    return true;
}

constexpr Command kCommands[] = {
    {"net-port-create", "add a port from an XML file",
     "Add a port to a running network, as the start of a container does.", kPortCreateOptions,
     port_create, kInterruptible},
    {"net-port-delete", "remove a port", "Forget a port of a running network.", kPortDeleteOptions,
     port_delete, kInterruptible},
    {"net-port-dumpxml", "a port as XML", "Print the XML of a port.", kPortDumpxmlOptions,
     port_dumpxml},
    {"net-port-list", "the ports of a network", "List the UUIDs of the ports of a running network.",
     kPortListOptions, port_list},
    {"net-update", "change a part of a network",
     "Change one element of a network: with --live at once, with --config for its\n"
     "next start.",
     kUpdateOptions, update, kInterruptible},
};

}  // namespace

std::span<const Command> network_part_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
