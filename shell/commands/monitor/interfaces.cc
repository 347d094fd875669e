// domifaddr, domhostname, domifstat, domif-getlink and domif-setlink. The last three find an
// interface by its host's end, its name inside or its hardware address.
#include "base/text/text.hh"
#include "shell/commands/device_lookup.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/plug.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/device/device.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

using driver::AddressSource;

constexpr Option kInterfaceOption{"interface", OptionType::data,
                                  "by its name on the host, its name inside or its MAC address",
                                  complete_interfaces, true};

std::vector<std::string> complete_sources(Session&) {
    return {"lease", "agent", "arp"};
}

// Returns the source that --source names, by default the leases, as in virsh. Throws Failure for
// another word. "agent" is virsh's word for asking inside; a container has no agent, so the kernel
// is asked about the container's own network namespace.
AddressSource address_source(const Invocation& invocation) {
    const std::string word = invocation.text("source");
    if (word.empty() || word == "lease") return AddressSource::lease;
    if (word == "agent") return AddressSource::agent;
    if (word == "arp") return AddressSource::arp;
    give_up("Unknown data source '{}'", word);
}

constexpr Option kAddressOptions[] = {
    domain_option(complete_active),
    {"interface", OptionType::string, "only of this interface, by its name", complete_interfaces},
    {"full", OptionType::boolean, "repeat name and MAC address on every line"},
    {"source", OptionType::string,
     "lease: addresses that the network's DHCP server gave; agent: addresses that the kernel has "
     "for the container; arp: addresses in the host's neighbour table",
     complete_sources},
};

// Prints virsh's table, whose columns have fixed widths and do not grow with their contents. As in
// virsh, further addresses of an interface have "-" for its name unless --full was given, and an
// interface without an address has "N/A".
bool domifaddr(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string only = invocation.text("interface");
    const AddressSource source = address_source(invocation);
    auto interfaces = explain("Failed to query for interfaces addresses", [&] {
        return session.connection().interface_addresses(domain, source);
    });
    // The container names its interfaces.
    for (driver::InterfaceAddresses& interface : interfaces)
        interface.name = base::shown(interface.name);
    if (!session.options().quiet)
        session.print_format(" {:<10} {:<20} {:<8}     {}\n{:-<79}\n", "Name", "MAC address",
                             "Protocol", "Address", "");
    for (const driver::InterfaceAddresses& interface : interfaces) {
        if (!only.empty() && interface.name != only) continue;
        if (interface.addresses.empty())
            session.print_format(" {:<10} {:<17}    {:<12} {}\n", interface.name, interface.mac,
                                 "N/A", "N/A");
        bool first = true;
        for (const driver::InterfaceAddress& address : interface.addresses) {
            const bool named = first || invocation.has("full");
            session.print_format(" {:<10} {:<17}    {:<12} {}/{}\n", named ? interface.name : "-",
                                 named ? interface.mac : "-", address.v6 ? "ipv6" : "ipv4",
                                 address.ip, address.prefix);
            first = false;
        }
    }
    return true;
}

constexpr Option kHostnameOptions[] = {
    domain_option(complete_active),
    {"source", OptionType::string,
     "lease: the name that the container gave to the network's DHCP server; agent: its own host "
     "name",
     complete_sources},
};

// The neighbour table has no names, so "arp" is refused, with the words for an unknown source.
bool domhostname(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const AddressSource source = address_source(invocation);
    if (source == AddressSource::arp) give_up("Unknown data source 'arp'");
    const std::string name = explain("failed to get hostname", [&] {
        return session.connection().guest_hostname(domain, source);
    });
    session.print_format("{}\n", base::shown(name));
    return true;
}

constexpr Option kStatsOptions[] = {domain_option(complete_active), kInterfaceOption};

// Prints the counters with virsh's names, each after the interface as the user named it.
bool domifstat(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string device = invocation.text("interface");
    const driver::InterfaceStats stats = explain(
        fmt::format("Failed to get interface stats {} {}", domain.name, device),
        [&] { return session.connection().interface_stats(domain, device); });
    const auto line = [&](std::string_view key, std::uint64_t value) {
        session.print_format("{} {} {}\n", device, key, value);
    };
    line("rx_bytes", stats.rx_bytes);
    line("rx_packets", stats.rx_packets);
    line("rx_errs", stats.rx_errors);
    line("rx_drop", stats.rx_dropped);
    line("tx_bytes", stats.tx_bytes);
    line("tx_packets", stats.tx_packets);
    line("tx_errs", stats.tx_errors);
    line("tx_drop", stats.tx_dropped);
    return true;
}

// Returns the flag of --config.
driver::Affect config_flag(const Invocation& invocation) {
    return flags_of<driver::Affect>(invocation, {{"config", driver::Affect::config}});
}

constexpr Option kGetOptions[] = {
    domain_option(),
    kInterfaceOption,
    {"config", OptionType::boolean, "use the definition, also of a running domain"},
};

// virsh's message says by what the interface was looked for.
[[noreturn]] void fail_no_interface(const std::string& device) {
    const bool is_mac = device.find(':') != std::string::npos;
    give_up("Interface ({}: {}) not found.", is_mac ? "mac" : "dev", device);
}

// As in virsh, the result has no newline; the blank line after each command ends it.
bool domif_getlink(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string device = invocation.text("interface");
    const auto up = session.connection().interface_up(domain, device, config_flag(invocation));
    if (!up) fail_no_interface(device);
    session.print_format("{} {}", device, *up ? "up" : "down");
    return true;
}

std::vector<std::string> complete_states(Session&) {
    return {"up", "down"};
}

constexpr Option kSetOptions[] = {
    domain_option(),
    kInterfaceOption,
    {"state", OptionType::data, "up or down", complete_states, true},
    {"config", OptionType::boolean, "use the definition, which the next start takes"},
    kPrintXml,
};

// Returns the interface that the options mean, as the driver would look for it.
xml::Interface meant_interface(Session& session, const Invocation& invocation) {
    const std::string device = invocation.text("interface");
    const xml::Domain domain = meant_domain(session, invocation);
    const xml::Interface* const found = xml::find_interface(domain, device);
    if (found == nullptr) fail_no_interface(device);
    return *found;
}

// Changes the running container, or with --config the definition.
bool domif_setlink(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string state = invocation.text("state");
    if (state != "up" && state != "down") give_up("invalid link state '{}'", state);
    if (invocation.has("print-xml")) {
        xml::Interface found = meant_interface(session, invocation);
        found.link_up = state == "up";
        session.print(xml::format_device(found, {.live = true}));
        return true;
    }
    explain("Failed to update interface link state", [&] {
        session.connection().set_interface_up(domain, invocation.text("interface"), state == "up",
                                              config_flag(invocation));
    });
    session.print("Device updated successfully\n");
    return true;
}

// virsh lists domif-setlink under domain management, hence two tables.
constexpr Command kMonitoring[] = {
    {"domhostname", "the host name of a container",
     "Print the host name that a container has in its network.", kHostnameOptions, domhostname},
    {"domif-getlink", "show whether an interface is up",
     "Print the link state of an interface: up, or down as if its cable were unplugged.",
     kGetOptions, domif_getlink},
    {"domifaddr", "the addresses of a container",
     "List the addresses of the network interfaces of a running container.", kAddressOptions,
     domifaddr},
    {"domifstat", "the counters of an interface",
     "Print how much an interface has received and sent, as the container sees it.", kStatsOptions,
     domifstat},
};

constexpr Command kManagement[] = {
    {"domif-setlink", "plug an interface in or out",
     "Set the link state of an interface. With down, the container sees that its\n"
     "carrier is gone, as if the cable were unplugged.",
     kSetOptions, domif_setlink},
};

}  // namespace

std::span<const Command> interface_commands() {
    return kMonitoring;
}

std::span<const Command> interface_change_commands() {
    return kManagement;
}

}  // namespace lxvirt::shell
