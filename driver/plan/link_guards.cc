// Decides what the host's end of a link drops: what <lx:guard> and <filterref> ask for, and what the
// network says where they are silent.
#include <algorithm>

#include "base/error.hh"
#include "driver/plan/parts.hh"
#include "netd/routing.hh"
#include "xml/domain/guards.hh"

namespace lxvirt::driver::compile {

namespace {

// The program compares with each address; 256 of them make some thousand instructions.
constexpr std::size_t kMostAddresses = 256;

// Adds the addresses that the interface itself names.
void add_addresses(const xml::Interface& interface, std::vector<std::string>& addresses) {
    for (const xml::IpAddress& ip : interface.ips) addresses.push_back(ip.address);
    for (const auto& [name, value] : interface.filter_parameters)
        if (xml::is_address_parameter(name)) addresses.push_back(value);
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

// Throws where a guard that was asked for would have no effect, or would let nothing pass. `reserves`
// says that the network reserves an address when the port is claimed; until then there may be none.
void require_effect(const xml::Interface& interface, const base::PortGuard& guard,
                    std::size_t place, bool reserves) {
    if (!guard.ip && !guard.arp) return;
    const std::string whose = fmt::format("interface {} (index {})", interface.mac, place);
    if (guard.addresses.empty() && !reserves)
        base::fail(
            base::ErrorCode::config_unsupported,
            "{}: the guards 'ip' and 'arp' need the container's addresses, and none is known: "
            "right would be <ip address='...'/> in the <interface>, or a network with <dhcp>, "
            "which reserves one",
            whose);
    if (guard.addresses.size() > kMostAddresses)
        base::fail(base::ErrorCode::config_unsupported,
                   "{}: the guards 'ip' and 'arp' know {} addresses at most, not {}", whose,
                   kMostAddresses, guard.addresses.size());
}

}  // namespace

void guard_link(const xml::Interface& given, const xml::Interface& resolved,
                const xml::Domain& domain, const HostFacts& host, helper::Link& link) {
    const std::size_t place = xml::position_of(domain, given);
    xml::ContainerGuard asked = xml::guards_of(domain, given);
    if (resolved.type == xml::InterfaceType::direct) {
        if (asked.asks())
            base::fail(base::ErrorCode::config_unsupported,
                       "interface {} (index {}): a macvlan has no port on the host that could be "
                       "guarded; take <lx:guard> or <filterref> away",
                       given.mac, place);
        return;
    }
    const bool is_port = resolved.type == xml::InterfaceType::bridge;
    base::PortGuard guard{.bpdu = is_port, .address = {}};
    bool reserves = false;
    if (is_port && given.type == xml::InterfaceType::network && host.guard) {
        NetworkGuard network = host.guard(given);
        guard = std::move(network.guard);
        reserves = network.reserves;
        asked.fill_from(network.asked);
    }
    guard.mac = asked.mac.value_or(guard.mac);
    guard.ip = asked.ip.value_or(guard.ip);
    guard.arp = asked.arp.value_or(guard.arp);
    guard.ra = asked.ra.value_or(guard.ra);
    guard.dhcp = asked.dhcp.value_or(guard.dhcp);
    guard.bpdu = asked.bpdu.value_or(guard.bpdu);
    if (guard.ip || guard.arp)
        add_addresses(given, guard.addresses);
    else
        guard.addresses.clear();
    require_effect(given, guard, place, reserves);
    if (guard.mac || guard.ip || guard.arp) guard.address = given.mac;
    if (link.isolated) guard.mark = netd::kIsolatedPort;
    link.must_guard = link.isolated || asked.asks();
    if (guard.any()) link.guard = std::move(guard);
}

}  // namespace lxvirt::driver::compile
