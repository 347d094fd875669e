// net-list and net-dhcp-leases.
#include <strings.h>

#include <algorithm>
#include <ctime>

#include "shell/commands/device_lookup.hh"
#include "shell/commands/network_lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kListOptions[] = {
    {"inactive", OptionType::boolean, "list the networks that do not run"},
    {"all", OptionType::boolean, "list running networks and those that do not run"},
    {"persistent", OptionType::boolean, "only those with a stored definition"},
    {"transient", OptionType::boolean, "only those without a stored definition"},
    {"autostart", OptionType::boolean, "only those that start with the host"},
    {"no-autostart", OptionType::boolean, "only those that do not start with the host"},
    {"uuid", OptionType::boolean, "UUIDs, one a line"},
    {"name", OptionType::boolean, "names, one a line"},
    {"table", OptionType::boolean, "a table (as without any of these)"},
};

// Returns the filter that the options ask for; without options it lets active networks through.
driver::NetworkFilter filter_of(const Invocation& invocation) {
    const bool all = invocation.has("all");
    driver::NetworkFilter filter;
    filter.inactive = all || invocation.has("inactive");
    filter.active = all || !invocation.has("inactive");
    filter.persistent = invocation.has("persistent");
    filter.transient = invocation.has("transient");
    filter.autostart = invocation.has("autostart");
    filter.no_autostart = invocation.has("no-autostart");
    return filter;
}

std::string yes_no(bool value) {
    return value ? "yes" : "no";
}

std::string state_of(const driver::NetworkSummary& network) {
    if (!network.active) return "inactive";
    return network.without_rules ? "active (without rules)" : "active";
}

// Sorts names without regard to case, as virsh does for networks. A definition that cannot be read
// is a warning; the other networks are listed.
bool list(Session& session, const Invocation& invocation) {
    const bool names = invocation.has("name"), uuids = invocation.has("uuid");
    // virsh words this error differently from that of `list`, which has the same options.
    if (int{names} + int{uuids} + int{invocation.has("table")} > 1)
        give_up("Only one argument from --table, --name and --uuid may be specified.");
    std::vector<driver::NetworkSummary> networks = explain(
        "Failed to list networks",
        [&] { return session.connection().networks().list(filter_of(invocation)); });
    std::sort(networks.begin(), networks.end(),
              [](const driver::NetworkSummary& a, const driver::NetworkSummary& b) {
                  return ::strcasecmp(a.name.c_str(), b.name.c_str()) < 0;
              });
    terminal::Table table({"Name", "State", "Autostart", "Persistent"});
    for (const driver::NetworkSummary& network : networks) {
        if (names || uuids) {
            session.print_format("{}\n", names ? network.name : network.uuid);
            continue;
        }
        table.add({network.name, state_of(network), yes_no(network.autostart),
                   yes_no(network.persistent)});
        if (session.colors() && network.active)
            table.paint(1, network.without_rules ? terminal::Paint::bad : terminal::Paint::good);
    }
    if (!names && !uuids) session.print(table.text(!session.options().quiet));
    for (const driver::NetworkSummary& network : networks)
        if (!network.problem.empty()) session.warn(network.problem);
    return true;
}

constexpr Option kLeaseOptions[] = {
    network_option(complete_active_networks),
    {"mac", OptionType::string, "only of the client with this hardware address",
     complete_lease_macs},
};

// Returns the end of a lease in local time, as virsh prints it. A lease without end is "never",
// where virsh prints the beginning of 1970.
std::string time_text(std::int64_t seconds) {
    if (seconds == 0) return "never";
    const std::time_t time = seconds;
    std::tm local{};
    (void)localtime_r(&time, &local);
    char text[32];
    (void)std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    return text;
}

// Sorts by hardware address; the leases of one client keep the order of the driver.
bool leases(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    std::optional<std::string> mac;
    if (invocation.has("mac")) mac = invocation.text("mac");
    driver::DhcpLeases found = explain(
        fmt::format("Failed to get leases info for {}", network.name),
        [&] { return session.connection().networks().dhcp_leases(network, mac); });
    std::stable_sort(found.leases.begin(), found.leases.end(),
                     [](const driver::DhcpLease& a, const driver::DhcpLease& b) {
                         return ::strcasecmp(a.mac.c_str(), b.mac.c_str()) < 0;
                     });
    terminal::Table table(
        {"Expiry Time", "MAC address", "Protocol", "IP address", "Hostname", "Client ID or DUID"});
    for (const driver::DhcpLease& lease : found.leases)
        table.add({time_text(lease.expiry), terminal::or_dash(lease.mac),
                   lease.v6 ? "ipv6" : "ipv4", fmt::format("{}/{}", lease.ip, lease.prefix),
                   terminal::or_dash(lease.hostname), terminal::or_dash(lease.client_id)});
    session.print(table.text(!session.options().quiet));
    for (const std::string& notice : found.notices) session.warn(notice);
    return true;
}

constexpr Command kCommands[] = {
    {"net-dhcp-leases", "list the addresses that a network has given",
     "List the DHCP leases of a running network.", kLeaseOptions, leases},
    {"net-list", "list the networks",
     "List the running networks, or those that the options select.", kListOptions, list},
};

}  // namespace

std::span<const Command> network_list_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
