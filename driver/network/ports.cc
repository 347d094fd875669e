#include "driver/network/ports.hh"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/log.hh"
#include "base/netlink/netlink.hh"
#include "base/process/process.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uuid.hh"
#include "driver/network/guest_names.hh"
#include "driver/network/life.hh"
#include "driver/network/process.hh"
#include "driver/network/publications.hh"
#include "driver/network/reservations.hh"
#include "driver/store/link_alias.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/hooks.hh"
#include "xml/document/scan.hh"
#include "xml/document/values.hh"
#include "xml/document/writer.hh"
#include "xml/domain/guards.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

constexpr std::string_view kSuffix = ".xml";

std::string port_file(const Root& root, std::string_view network, std::string_view uuid) {
    return fmt::format("{}/{}{}", root.ports(network), uuid, kSuffix);
}

// Returns the port of a file; nullopt if there is none. Throws internal_error for a broken file.
std::optional<PortRecord> read_port(const std::string& path) {
    const auto text = base::try_read_state(path);
    if (!text) return std::nullopt;
    const std::string_view tag = std::string_view(*text).substr(0, text->find('\n'));
    const auto number = [&](const char* name) {
        const auto value = xml::scan_attribute(tag, name);
        return value ? base::parse_number<std::uint64_t>(*value).value_or(0) : 0;
    };
    PortRecord record;
    record.owner = static_cast<pid_t>(number("owner"));
    record.owner_start = number("start");
    record.link = xml::scan_attribute(tag, "link").value_or("");
    record.publications =
        parse_publications(xml::scan_attribute(tag, "published").value_or(""), path);
    const auto begin = tag.size();
    const auto end = text->find("</portstatus>");
    if (!tag.starts_with("<portstatus ") || end == std::string::npos)
        base::fail(ErrorCode::internal_error, "{}:1: this is not a whole <portstatus>", path);
    xml::ParseOptions options;
    options.file = path;
    options.live = true;
    record.port =
        xml::parse_network_port(std::string_view(*text).substr(begin, end - begin), options).port;
    return record;
}

// Returns all ports of a network, valid or not.
std::vector<PortRecord> all_ports(const Root& root, std::string_view network) {
    std::vector<PortRecord> records;
    for (const std::string& file : base::list_folder(root.ports(network)))
        if (std::string_view(file).ends_with(kSuffix))
            if (auto record = read_port(root.ports(network) + "/" + file))
                records.push_back(std::move(*record));
    return records;
}

// Returns the portgroup that the interface asks for, or the default one, or nullptr; `network` owns
// it. Throws config_unsupported if the named one does not exist.
const xml::PortGroup* portgroup_of(const xml::Network& network, const xml::Interface& interface) {
    const xml::PortGroup* group = network.portgroup(interface.portgroup);
    if (group == nullptr && !interface.portgroup.empty())
        base::fail(ErrorCode::config_unsupported,
                   "interface {}: network '{}' has no portgroup '{}'", interface.mac, network.name,
                   interface.portgroup);
    return group;
}

// Returns the macvlan mode of a network's forward mode; vepa is libvirt's default.
xml::DirectMode direct_mode(xml::ForwardMode mode) {
    switch (mode) {
        case xml::ForwardMode::private_: return xml::DirectMode::private_;
        case xml::ForwardMode::passthrough: return xml::DirectMode::passthrough;
        case xml::ForwardMode::bridge: return xml::DirectMode::bridge;
        default: return xml::DirectMode::vepa;
    }
}

// Returns the device of a macvlan network that the fewest ports use; with passthrough, which the
// kernel allows once per device, one that no port uses. Throws if there is none.
std::string choose_device(const Root& root, const xml::Network& network) {
    const auto ports = valid_ports(root, network.name);
    const auto users = [&](const std::string& dev) {
        return std::count_if(ports.begin(), ports.end(),
                             [&](const PortRecord& record) { return record.port.plug_dev == dev; });
    };
    const auto& devices = network.forward.interfaces;
    const auto best = std::min_element(devices.begin(), devices.end(), [&](auto& a, auto& b) {
        return users(a.dev) < users(b.dev);
    });
    if (best == devices.end())
        base::fail(ErrorCode::config_unsupported,
                   "network '{}' names no <interface dev='...'/> in its <forward>", network.name);
    if (network.forward.mode == xml::ForwardMode::passthrough && users(best->dev) != 0)
        base::fail(ErrorCode::internal_error,
                   "network '{}' requires exclusive access to interfaces, but none are available",
                   network.name);
    return best->dev;
}

// Returns a network that runs in the caller's network namespace. Throws no_network or
// operation_invalid.
LiveNetwork require_live_network(const Root& root, const std::string& name) {
    auto live = read_live_network(root, name);
    if (live && live->here()) return std::move(*live);
    if (live && live->running && live->current())
        base::fail(ErrorCode::operation_invalid,
                   "network '{}' runs in another network namespace (net:[{}])", name, live->netns);
    if (!live && !base::exists(root.network_paths().definition(name))) fail_no_network(name);
    fail_inactive(name);
}

// Returns the interface with all that network and portgroup say, except which device a new macvlan
// goes on. Of each setting the interface's own comes first, then the portgroup's, then the
// network's.
xml::Interface merge(const xml::Network& network, const xml::Interface& interface) {
    xml::Interface made = interface;
    const xml::PortGroup* group = portgroup_of(network, interface);
    if (!made.bandwidth && group != nullptr) made.bandwidth = group->bandwidth;
    if (!made.vlan) made.vlan = group != nullptr && group->vlan ? group->vlan : network.vlan;
    if (!made.virtualport)
        made.virtualport =
            group != nullptr && group->virtualport ? group->virtualport : network.virtualport;
    if (!made.isolated) made.isolated = network.isolated;
    if (!made.mtu) made.mtu = network.mtu;
    if (network.uses_macvlan()) {
        made.type = xml::InterfaceType::direct;
        made.source = interface.actual_dev;
        made.mode = direct_mode(network.forward.mode);
    } else {
        made.type = xml::InterfaceType::bridge;
        made.source = network.bridge.name;
    }
    if (made.vlan && !network.makes_bridge())
        base::fail(ErrorCode::config_unsupported,
                   "interface {}: a VLAN tag needs a network that makes its own bridge; '{}' does "
                   "not",
                   interface.mac, network.name);
    return made;
}

// Switches on VLAN filtering of the network's bridge (vlan_filtering in ip-link(8)). Ports without
// a tag stay in VLAN 1, in which the host is as well.
void let_bridge_know_tags(const xml::Network& network) {
    base::Netlink netlink;
    try {
        netlink.filter_bridge_vlans(netlink.link_index(network.bridge.name));
    } catch (const base::SystemError& error) {
        if (error.error() != EOPNOTSUPP) throw;
        base::fail(ErrorCode::config_unsupported,
                   "network '{}': a VLAN tag needs a kernel with CONFIG_BRIDGE_VLAN_FILTERING",
                   network.name);
    }
}

// Sets what a link that is in the bridge already lacks; the helper does it for new links.
void configure_port(base::Netlink& netlink, int port, const xml::Interface& plugged) {
    if (plugged.isolated.value_or(false)) netlink.set_port_isolated(port, true);
    if (!plugged.vlan) return;
    netlink.remove_port_vlan(port, 1);
    for (const helper::PortVlan& vlan : port_vlans(*plugged.vlan))
        netlink.add_port_vlan(port, vlan.id, vlan.untagged);
}

// Returns the <networkport> of an interface, in libvirt's form.
xml::NetworkPort port_of(const xml::Network& network, const xml::Interface& interface,
                         const PortOwner& owner) {
    const xml::Interface plugged = merge(network, interface);
    xml::NetworkPort port;
    port.uuid = interface.portid;
    port.owner_name = owner.name;
    port.owner_uuid = owner.uuid;
    port.group = interface.portgroup;
    port.mac = interface.mac;
    port.bandwidth = plugged.bandwidth;
    port.vlan = plugged.vlan;
    port.isolated = plugged.isolated;
    if (network.uses_macvlan()) {
        port.plug = xml::PlugType::direct;
        port.plug_dev = interface.actual_dev;
        port.plug_mode = plugged.mode;
    } else {
        port.plug = network.makes_bridge() ? xml::PlugType::network : xml::PlugType::bridge;
        port.plug_bridge = network.bridge.name;
    }
    return port;
}

// Returns what the portgroup and the network ask for where a domain is silent.
xml::ContainerGuard network_asks(const xml::Network& network, const xml::Interface& interface) {
    xml::ContainerGuard asked;
    if (const xml::PortGroup* group = portgroup_of(network, interface)) asked = group->guard;
    asked.fill_from(network.guard);
    return asked;
}

bool knows_address(const xml::Network& network, const xml::Interface& interface) {
    return !known_address(network, interface, false).empty();
}

// A static host without an IPv4 address is dnsmasq's only line for its hardware address, so no address
// can be reserved beside it.
void require_no_static_host(const xml::Network& network, const xml::Interface& interface) {
    const auto mac = base::parse_mac(interface.mac);
    if (!mac || static_hosts(network, *mac).empty()) return;
    base::fail(
        ErrorCode::config_unsupported,
        "interface {}: its guards or <lx:publish> need an IPv4 address, and the static host of "
        "network '{}' for it has none: right would be <host mac='{}' ip='...'/>",
        interface.mac, network.name, interface.mac);
}

// Publishes what the domain asks for; the port's file is there.
void publish(const Root& root, const xml::Network& network, const PortOwner& owner,
             const xml::Interface& interface, PortRecord record) {
    record.publications = resolve_publications(root, network, owner.publications, interface);
    if (record.publications.empty()) return;
    write_port(root, network.name, record);
    update_network_process(root, compile_network_plan(root, network));
}

// Tells dnsmasq the port's name, and the address that its guards let pass. A reservation that was
// made stays, whatever the guards are now. The caller holds the network's lock.
void announce(const Root& root, const xml::Network& network, const PortOwner& owner,
              const xml::Interface& interface) {
    xml::ContainerGuard asked = owner.guard;
    asked.fill_from(network_asks(network, interface));
    ChosenAddress reserved;
    if (has_pool(network) && !knows_address(network, interface)) {
        if (asked.ip.value_or(false) || asked.arp.value_or(false) || !owner.publications.empty()) {
            require_no_static_host(network, interface);
            reserved = choose_address(root, network, interface.mac);
        } else {
            reserved.address = reserved_address(root, network, interface.mac).value_or("");
        }
    }
    const std::string name = owner.named ? guest_name(owner.name) : "";
    const bool replaced = announce_guest(root, network, name, reserved.address, interface);
    if (!reserved.address.empty() && (replaced || reserved.was_anothers))
        update_network_process(root, compile_network_plan(root, network));
}

// Records a port and fills in the live interface. The caller holds the network's lock. Throws with
// no port left if a hook fails.
void plug_in(const Root& root, const xml::Network& network, const PortOwner& owner,
             xml::Interface& interface) {
    if (merge(network, interface).vlan) let_bridge_know_tags(network);
    if (interface.portid.empty()) interface.portid = base::random_uuid();
    if (network.uses_macvlan())
        interface.actual_dev = choose_device(root, network);
    else
        interface.actual_bridge = network.bridge.name;
    const PortRecord record{.port = port_of(network, interface, owner),
                            .link = interface.target,
                            .owner = owner.supervisor,
                            .owner_start = base::start_time(owner.supervisor).value_or(0)};
    write_port(root, network.name, record);
    try {
        announce(root, network, owner, interface);
        publish(root, network, owner, interface, record);
        run_network_hooks(
            root, network,
            {.operation = "port-created", .port_xml = xml::format_network_port(record.port)});
    } catch (const base::Exception&) {
        (void)base::remove_file(guest_address_file(root, interface));
        (void)remove_port(root, network.name, interface.portid);
        throw;
    }
}

// Returns the addresses that the network gives to that hardware address: those of static hosts, and
// those that a container makes of a prefix (RFC 4862), as the network's router advertises it.
std::vector<std::string> known_addresses(const xml::Network& network, const std::string& text) {
    std::vector<std::string> known;
    const auto mac = base::parse_mac(text);
    if (!mac) return known;
    for (const xml::DhcpHost* host : static_hosts(network, *mac))
        if (!host->ip.empty()) known.push_back(host->ip);
    for (const xml::NetworkIp& ip : network.ips) {
        const auto subnet = base::parse_address(ip.address);
        if (ip.v6() && subnet && xml::ip_prefix(ip) == 64)
            known.push_back(base::format_address(base::address_of_mac(*subnet, *mac)));
    }
    return known;
}

}  // namespace

bool PortRecord::valid() const {
    if (owner == 0) return true;
    const auto process = base::open_pidfd(owner);
    // A supervisor that has ended counts as gone, though nobody has reaped it yet.
    return process && !base::wait_readable(*process, std::chrono::milliseconds(0)) &&
           base::start_time(owner) == owner_start;
}

std::vector<PortRecord> valid_ports(const Root& root, std::string_view network) {
    auto records = all_ports(root, network);
    std::erase_if(records, [](const PortRecord& record) { return !record.valid(); });
    return records;
}

std::vector<netd::Publication> publications(const Root& root, std::string_view network) {
    std::vector<netd::Publication> all;
    for (const PortRecord& record : valid_ports(root, network))
        for (netd::Publication one : record.publications) {
            one.file = port_file(root, network, record.port.uuid);
            one.owner = static_cast<std::uint32_t>(record.owner);
            one.owner_start = record.owner_start;
            all.push_back(std::move(one));
        }
    return all;
}

void write_port(const Root& root, std::string_view network, const PortRecord& record) {
    const std::string folder = root.ports(network);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        base::fail_errno("make folder '{}'", folder);
    base::test_point("folder-made");
    xml::Writer out(0);
    out.start("portstatus");
    out.attribute("owner", static_cast<std::int64_t>(record.owner));
    out.attribute("start", record.owner_start);
    out.attribute("link", record.link);
    out.attribute_if("published", format_publications(record.publications));
    out.children();
    const std::string text = out.take() +
                             xml::format_network_port(record.port, {.live = true, .indent = 2}) +
                             "</portstatus>\n";
    base::write_atomic(port_file(root, network, record.port.uuid), text, 0600,
                       base::Durability::volatile_);
}

bool remove_port(const Root& root, std::string_view network, std::string_view uuid) {
    return base::remove_file(port_file(root, network, uuid));
}

void sweep_ports(const Root& root, std::string_view network) {
    for (const PortRecord& record : all_ports(root, network))
        if (!record.valid()) (void)remove_port(root, network, record.port.uuid);
}

xml::Interface resolve_interface(const Root& root, const xml::Interface& interface) {
    if (interface.type != xml::InterfaceType::network) return interface;
    const LiveNetwork live = require_live_network(root, interface.source);
    xml::Interface made = merge(live.network, interface);
    if (made.type == xml::InterfaceType::direct && made.source.empty())
        made.source = choose_device(root, live.network);
    return made;
}

NetworkGuard network_guard(const Root& root, const xml::Interface& interface) {
    const LiveNetwork live = require_live_network(root, interface.source);
    const xml::Network& network = live.network;
    NetworkGuard made{.guard = {.bpdu = true, .address = {}},
                      .asked = network_asks(network, interface),
                      .reserves = has_pool(network)};
    base::PortGuard& guard = made.guard;
    const auto any = [&](auto&& test) {
        return std::any_of(network.ips.begin(), network.ips.end(), test);
    };
    guard.dhcp = any([](const xml::NetworkIp& ip) { return !ip.dhcp.empty(); });
    // With ipv6='yes' and no address of ours, a container may be the router for the others.
    guard.ra = any([&](const xml::NetworkIp& ip) { return ip.v6() || !network.ipv6; });
    guard.addresses = known_addresses(network, interface.mac);
    if (!knows_address(network, interface))
        if (auto reserved = reserved_address(root, network, interface.mac))
            guard.addresses.push_back(std::move(*reserved));
    return made;
}

std::vector<helper::PortVlan> port_vlans(const xml::Vlan& vlan) {
    std::vector<helper::PortVlan> made;
    for (const xml::VlanTag& tag : vlan.tags)
        made.push_back({.id = tag.id, .untagged = !vlan.trunk || tag.native_mode == "untagged"});
    return made;
}

void claim_port(const Root& root, const PortOwner& owner, xml::Interface& interface) {
    if (interface.type != xml::InterfaceType::network) return;
    // The first look takes no lock; it only gives an early, exact error.
    (void)require_live_network(root, interface.source);
    const auto lock = root.lock_network(interface.source);
    const auto live = hold_network(root, interface.source);
    if (!live) fail_inactive(interface.source);
    plug_in(root, live->network, owner, interface);
}

PortOwner owner_of_port(const xml::Domain& domain, const xml::Interface& interface,
                        pid_t supervisor) {
    const std::vector<xml::Interface>& all = domain.interfaces;
    const auto first = std::find_if(all.begin(), all.end(), [&](const xml::Interface& other) {
        return other.type == interface.type && other.source == interface.source;
    });
    return {.name = domain.name,
            .uuid = domain.uuid,
            .supervisor = supervisor,
            .named = first == all.end() || first->mac == interface.mac,
            .guard = xml::guards_of(domain, interface),
            .publications = xml::publications_of(domain, interface)};
}

bool republish_port(const Root& root, const PortOwner& owner, const xml::Interface& interface) {
    const auto lock = root.lock_network(interface.source);
    const auto live = hold_network(root, interface.source);
    const auto before =
        live ? read_port(port_file(root, interface.source, interface.portid)) : std::nullopt;
    if (!before) return false;
    const xml::Network& network = live->network;
    announce(root, network, owner, interface);
    PortRecord record = *before;
    record.publications = resolve_publications(root, network, owner.publications, interface);
    write_port(root, network.name, record);
    base::test_point("port-republished");
    try {
        update_network_process(root, compile_network_plan(root, network));
    } catch (const base::Exception&) {
        write_port(root, network.name, *before);
        throw;
    }
    return true;
}

void name_ports(xml::Domain& domain) {
    for (xml::Interface& interface : domain.interfaces)
        if (interface.type == xml::InterfaceType::network && interface.portid.empty())
            interface.portid = base::random_uuid();
}

void claim_ports(const Root& root, xml::Domain& domain, pid_t supervisor) {
    try {
        for (xml::Interface& interface : domain.interfaces)
            claim_port(root, owner_of_port(domain, interface, supervisor), interface);
    } catch (const base::Exception&) {
        release_ports(root, domain);
        throw;
    }
}

void release_port(const Root& root, const xml::Interface& interface) {
    if (interface.type != xml::InterfaceType::network || interface.portid.empty()) return;
    const std::string file = port_file(root, interface.source, interface.portid);
    (void)base::remove_file(base::temporary_of(file));  // a claim that was cut short leaves it
    (void)base::remove_file(guest_address_file(root, interface));
    const auto record = read_port(file);
    if (!record || !remove_port(root, interface.source, interface.portid)) return;
    try {
        if (const auto live = read_live_network(root, interface.source))
            run_network_hooks(
                root, live->network,
                {.operation = "port-deleted", .port_xml = xml::format_network_port(record->port)});
    } catch (const base::Exception& error) {
        // A hook's failure keeps nobody from ending a container.
        base::append_log(root.network_paths().log(interface.source), error.message());
    }
}

void release_ports(const Root& root, const xml::Domain& domain) {
    for (const xml::Interface& interface : domain.interfaces) release_port(root, interface);
}

bool has_port_hooks(const Root& root, const xml::Domain& domain) {
    return std::any_of(
               domain.interfaces.begin(), domain.interfaces.end(),
               [](const xml::Interface& interface) {
                   return interface.type == xml::InterfaceType::network;
               }) &&
           has_hooks(root, HookKind::network);
}

std::vector<std::string> port_files(const Root& root, const xml::Domain& domain) {
    std::vector<std::string> files;
    for (const xml::Interface& interface : domain.interfaces)
        if (interface.type == xml::InterfaceType::network && !interface.portid.empty())
            files.insert(files.end(), {port_file(root, interface.source, interface.portid),
                                       guest_address_file(root, interface)});
    return files;
}

std::vector<std::string> attach_running(const Root& root, const xml::Network& network) {
    std::vector<std::string> problems;
    for (const std::string& name : live_names(root)) {
        const auto helper = root.running(name);
        if (!helper) continue;
        try {
            auto live = read_live(root, name);
            if (!live) continue;
            for (xml::Interface& interface : live->domain.interfaces) {
                if (interface.type != xml::InterfaceType::network ||
                    interface.source != network.name || network.uses_macvlan())
                    continue;
                base::Netlink netlink;
                const auto link = netlink.link(interface.target);
                // IFALIAS tells that the link is this domain's; another program may have taken the
                // name.
                if (!link || owner_of_link(root, link->alias) != name) continue;
                const int bridge = netlink.link_index(network.bridge.name);
                if (link->master == bridge) continue;
                plug_in(root, network, owner_of_port(live->domain, interface, *helper), interface);
                netlink.set_master(link->index, bridge);
                configure_port(netlink, link->index, merge(network, interface));
            }
        } catch (const base::Exception& error) {
            problems.push_back(
                fmt::format("domain '{}' is not attached again: {}", name, error.message()));
        }
    }
    return problems;
}

}  // namespace lxvirt::driver
