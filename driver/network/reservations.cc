#include "driver/network/reservations.hh"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"
#include "driver/network/guest_names.hh"
#include "driver/network/ports.hh"
#include "netd/leases.hh"
#include "netd/plan.hh"
#include "xml/document/values.hh"

namespace lxvirt::driver {

namespace {

using Number = std::uint32_t;  // an IPv4 address in the host's byte order

Number number_of(const xml::SocketAddress& address) {
    return address.distance_from(xml::SocketAddress{});
}

std::optional<Number> number_of(std::string_view text) {
    const auto address = xml::to_ip_address(text);
    if (!address || address->v6) return std::nullopt;
    return number_of(*address);
}

std::string text_of(Number number) {
    xml::SocketAddress address;
    for (unsigned i = 0; i < 4; ++i)
        address.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    return address.text();
}

// The pool: both ends of each range belong to it.
struct Range {
    Number first = 0, last = 0;
    [[nodiscard]] std::uint64_t size() const { return std::uint64_t{last} - first + 1; }
};

std::vector<Range> pool_of(const xml::Network& network) {
    std::vector<Range> pool;
    for (const xml::NetworkIp& ip : network.ips) {
        if (ip.v6()) continue;
        for (const xml::DhcpRange& range : ip.dhcp.ranges) {
            const auto first = number_of(range.start), last = number_of(range.end);
            if (first && last && *first <= *last) pool.push_back({*first, *last});
        }
    }
    return pool;
}

bool holds(const std::vector<Range>& pool, Number address) {
    return std::any_of(
        pool.begin(), pool.end(),
        [&](const Range& range) { return range.first <= address && address <= range.last; });
}

std::map<Number, std::string> leases_of(const Root& root, const xml::Network& network) {
    const std::string file = root.network_paths().folder(network.name) + "/" + netd::kLeases;
    std::map<Number, std::string> held;
    for (const netd::Lease& lease :
         netd::parse_leases(base::try_read_state(file).value_or(""), file).leases)
        if (const auto address = number_of(lease.ip)) held[*address] = lease.mac;
    return held;
}

// Who has which address of the network. Hardware addresses are in the spelling of format_mac().
struct Taken {
    std::map<Number, std::string> reserved, leased;
    std::set<Number> fixed;  // of static hosts and of the host itself
};

std::string plain(const std::string& mac) {
    const auto parsed = base::parse_mac(mac);
    return parsed ? base::format_mac(*parsed) : mac;
}

Taken look(const Root& root, const xml::Network& network) {
    Taken taken;
    for (const GuestLine& line : guest_lines(root, network))
        if (const auto address = number_of(line.address))
            taken.reserved[*address] = plain(line.mac);
    for (auto& [address, mac] : leases_of(root, network)) taken.leased[address] = plain(mac);
    for (const xml::NetworkIp& ip : network.ips) {
        if (const auto own = number_of(ip.address)) taken.fixed.insert(*own);
        for (const xml::DhcpHost& host : ip.dhcp.hosts)
            if (const auto address = number_of(host.ip)) taken.fixed.insert(*address);
    }
    return taken;
}

std::optional<Number> address_of(const std::map<Number, std::string>& held,
                                 const std::string& mac) {
    const auto found = std::find_if(held.begin(), held.end(),
                                    [&](const auto& entry) { return entry.second == mac; });
    if (found == held.end()) return std::nullopt;
    return found->first;
}

std::optional<Number> free_address(const std::vector<Range>& pool, const Taken& taken,
                                   const std::string& mac) {
    std::uint64_t size = 0;
    for (const Range& range : pool) size += range.size();
    if (size == 0) return std::nullopt;
    // The place is always the same for a hardware address.
    const std::uint64_t begin = base::fnv1a(mac) % size;
    for (std::uint64_t i = 0; i < size; ++i) {
        std::uint64_t place = (begin + i) % size;
        auto range = pool.begin();
        for (; place >= range->size(); ++range) place -= range->size();
        const Number address = range->first + static_cast<Number>(place);
        if (!taken.reserved.contains(address) && !taken.leased.contains(address) &&
            !taken.fixed.contains(address))
            return address;
    }
    return std::nullopt;
}

// Takes a reservation away from an interface that has neither a port nor a lease, and returns its
// address. dnsmasq forgets it when it next rereads its lines.
std::optional<Number> reclaim(const Root& root, const xml::Network& network, const Taken& taken) {
    std::set<std::string> in_use;
    for (const PortRecord& record : valid_ports(root, network.name))
        in_use.insert(plain(record.port.mac));
    for (const auto& [address, mac] : taken.leased) in_use.insert(mac);
    for (const GuestLine& line : guest_lines(root, network)) {
        const auto address = number_of(line.address);
        if (!address || in_use.contains(plain(line.mac))) continue;
        forget_guest(root, network, line.mac);
        return address;
    }
    return std::nullopt;
}

}  // namespace

bool has_pool(const xml::Network& network) {
    return network.makes_bridge() && !pool_of(network).empty();
}

std::optional<std::string> reserved_address(const Root& root, const xml::Network& network,
                                            const std::string& mac) {
    const auto line = guest_line(root, network, mac);
    const auto address = line ? number_of(line->address) : std::nullopt;
    if (!address || !holds(pool_of(network), *address)) return std::nullopt;
    return line->address;
}

ChosenAddress choose_address(const Root& root, const xml::Network& network,
                             const std::string& mac) {
    const std::vector<Range> pool = pool_of(network);
    const Taken taken = look(root, network);
    const std::string own = plain(mac);
    if (const auto had = reserved_address(root, network, mac);
        had && !taken.fixed.contains(*number_of(*had)))
        return {.address = *had};
    const auto leased = address_of(taken.leased, own);
    if (leased && holds(pool, *leased) && !taken.reserved.contains(*leased) &&
        !taken.fixed.contains(*leased))
        return {.address = text_of(*leased)};
    if (const auto address = free_address(pool, taken, own)) return {.address = text_of(*address)};
    const auto address = reclaim(root, network, taken);
    if (!address)
        base::fail(base::ErrorCode::operation_failed,
                   "network '{}' has no address left to reserve for interface {}, whose guards "
                   "or <lx:publish> need one: right would be a larger <range> in its <dhcp>, or "
                   "<ip address='...'/> in the <interface>",
                   network.name, mac);
    return {.address = text_of(*address), .was_anothers = true};
}

}  // namespace lxvirt::driver
