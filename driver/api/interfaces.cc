// LocalConnection's methods about the network interfaces of domains: addresses, host name, counters
// and link state.
//
// Addresses come from one of three places, libvirt's virDomainInterfaceAddressesSource: the leases
// of the network's dnsmasq, the host's neighbour (ARP) tables, or, in the place of libvirt's guest
// agent, the container's own network namespace, which the kernel shows without any help from
// inside.
#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <map>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "driver/api/local.hh"
#include "driver/device/hotplug.hh"
#include "driver/device/publish.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"
#include "driver/supervisor/guest.hh"
#include "xml/device/device.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

[[noreturn]] void fail_unknown(const std::string& device) {
    base::fail(ErrorCode::invalid_arg, "'{}' is not a known interface", device);
}

// Returns an entry without addresses. The name is that of the host's end, as virsh domifaddr shows
// it, or the container's name of an interface that has no host's end.
InterfaceAddresses named(const xml::Interface& interface) {
    return {interface.target.empty() ? interface.guest : interface.target, interface.mac, {}};
}

// Returns the addresses that dnsmasq has leased to the interfaces on networks.
std::vector<InterfaceAddresses> leased(const Networks& networks, const xml::Domain& domain) {
    std::vector<InterfaceAddresses> all;
    for (const xml::Interface& interface : domain.interfaces) {
        if (interface.type != xml::InterfaceType::network) continue;
        InterfaceAddresses entry = named(interface);
        for (const DhcpLease& lease :
             networks.dhcp_leases({interface.source, ""}, interface.mac).leases)
            entry.addresses.push_back({lease.ip, lease.prefix, lease.v6});
        if (!entry.addresses.empty()) all.push_back(std::move(entry));
    }
    return all;
}

// Returns the addresses that the host's neighbour tables have for the interfaces.
std::vector<InterfaceAddresses> addresses_of_neighbours(const xml::Domain& domain) {
    base::Netlink netlink;
    const auto neighbours = netlink.neighbours();
    std::vector<InterfaceAddresses> all;
    for (const xml::Interface& interface : domain.interfaces) {
        InterfaceAddresses entry = named(interface);
        const auto mac = base::parse_mac(interface.mac);
        for (const base::NeighbourFacts& neighbour : neighbours)
            if (neighbour.mac == mac)
                entry.addresses.push_back({base::format_address(neighbour.address), 0,
                                           neighbour.address.family == AF_INET6});
        if (!entry.addresses.empty()) all.push_back(std::move(entry));
    }
    return all;
}

// Returns every link in the network namespace `netns`, the loopback included, with its addresses.
std::vector<InterfaceAddresses> asked_inside(base::Fd netns) {
    base::Netlink inside = base::Netlink::inside(netns);
    std::vector<InterfaceAddresses> all;
    std::map<int, std::size_t> places;
    for (const base::LinkFacts& link : inside.links()) {
        places[link.index] = all.size();
        all.push_back({link.name, base::format_mac(link.mac), {}});
    }
    for (const base::AddressFacts& entry : inside.addresses())
        if (const auto place = places.find(entry.index); place != places.end())
            all[place->second].addresses.push_back({base::format_address(entry.address),
                                                    entry.address.prefix,
                                                    entry.address.family == AF_INET6});
    return all;
}

// Returns the host name in the UTS namespace `uts`, which only a member of that namespace can ask
// for (uname(2)); the calling thread enters it and comes back. Throws SystemError.
std::string name_inside(base::Fd uts) {
    const base::UniqueFd home = base::open_file("/proc/self/ns/uts", O_RDONLY);
    if (::setns(uts.get(), CLONE_NEWUTS) != 0)
        base::fail_errno("enter the container's UTS namespace");
    struct utsname names = {};
    const int failed = ::uname(&names) == 0 ? 0 : errno;
    if (::setns(home.get(), CLONE_NEWUTS) != 0)
        base::fail_errno("return from the container's UTS namespace");
    if (failed != 0) base::fail_with(failed, "ask for the container's host name");
    return names.nodename;
}

// Returns whether the host has an end of its own: a veth has one; a macvlan or a host device that
// was moved into the container has none.
bool has_host_end(const xml::Interface& interface) {
    return !interface.target.empty();
}

}  // namespace

std::vector<InterfaceAddresses> LocalConnection::interface_addresses(const DomainRef& domain,
                                                                     AddressSource source) const {
    const LiveState live = require_live(root_, domain.name);
    switch (source) {
        case AddressSource::lease: return leased(networks_, live.domain);
        case AddressSource::arp: return addresses_of_neighbours(live.domain);
        case AddressSource::agent: break;
    }
    return asked_inside(Guest(root_, domain.name).network());
}

std::string LocalConnection::guest_hostname(const DomainRef& domain, AddressSource source) const {
    const LiveState live = require_live(root_, domain.name);
    if (source == AddressSource::agent) return name_inside(Guest(root_, domain.name).host_name());
    for (const xml::Interface& interface : live.domain.interfaces) {
        if (interface.type != xml::InterfaceType::network) continue;
        for (const DhcpLease& lease :
             networks_.dhcp_leases({interface.source, ""}, interface.mac).leases)
            if (!lease.hostname.empty()) return lease.hostname;
    }
    base::fail(ErrorCode::no_hostname, "no hostname found for domain {}", domain.name);
}

InterfaceStats LocalConnection::interface_stats(const DomainRef& domain,
                                                const std::string& device) const {
    const LiveState live = require_live(root_, domain.name);
    const xml::Interface* const interface = xml::find_interface(live.domain, device);
    if (interface == nullptr) fail_unknown(device);
    std::optional<base::LinkFacts> link;
    if (has_host_end(*interface)) {
        // The host's end has the same counters, and needs no look into the container.
        link = base::Netlink().link(interface->target);
        // The host's end of a veth sends what the container receives.
        if (link) {
            base::LinkCounters& c = link->counters;
            std::swap(c.rx_bytes, c.tx_bytes);
            std::swap(c.rx_packets, c.tx_packets);
            std::swap(c.rx_errors, c.tx_errors);
            std::swap(c.rx_dropped, c.tx_dropped);
        }
    } else {
        link = base::Netlink::inside(Guest(root_, domain.name).network()).link(interface->guest);
    }
    if (!link) fail_unknown(device);
    return link->counters;
}

std::optional<bool> LocalConnection::interface_up(const DomainRef& domain,
                                                  const std::string& device, Affect flags) const {
    check_flags(flags, Affect::live | Affect::config, "lxcDomainGetXMLDesc");
    if (targets_of(root_, domain.name, flags).live) {
        const LiveState live = require_live(root_, domain.name);
        const xml::Interface* const interface = xml::find_interface(live.domain, device);
        if (interface == nullptr) return std::nullopt;
        if (!has_host_end(*interface)) return interface->link_up.value_or(true);
        const auto link = base::Netlink().link(interface->target);
        return link && link->up;
    }
    const xml::Domain definition = Definitions(root_).require(domain.name);
    const xml::Interface* const interface = xml::find_interface(definition, device);
    if (interface == nullptr) return std::nullopt;
    return interface->link_up.value_or(true);
}

void LocalConnection::set_interface_up(const DomainRef& domain, const std::string& device, bool up,
                                       Affect flags) {
    require_write("virDomainUpdateDeviceFlags");
    check_flags(flags, Affect::live | Affect::config, "lxcDomainUpdateDeviceFlags");
    set_link_state(root_, domain, device, up, flags);
}

void LocalConnection::publish(const DomainRef& domain, const PublicationChange& change,
                              Affect flags) {
    require_write("virDomainUpdateDeviceFlags");
    check_flags(flags, Affect::live | Affect::config, "lxcDomainUpdateDeviceFlags");
    driver::publish(root_, domain, change, flags);
}

}  // namespace lxvirt::driver
