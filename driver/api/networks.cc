// LocalNetworks' methods that look up networks, report facts about them, and change definitions. A
// change of a running network is in networks_life.cc.
#include "driver/api/local.hh"

#include <algorithm>
#include <ctime>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/uuid.hh"
#include "driver/network/definitions.hh"
#include "driver/network/foreign_firewall.hh"
#include "driver/network/life.hh"
#include "driver/network/live.hh"
#include "driver/network/ports.hh"
#include "driver/store/journal.hh"
#include "netd/leases.hh"
#include "netd/plan.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Returns true if neither filter of a pair is set, as such a pair asks for nothing.
bool passes_pair(bool first, bool second, bool is_first) {
    return (!first && !second) || (is_first ? first : second);
}

bool passes(const NetworkSummary& row, const NetworkFilter& filter) {
    return passes_pair(filter.active, filter.inactive, row.active) &&
           passes_pair(filter.persistent, filter.transient, row.persistent) &&
           passes_pair(filter.autostart, filter.no_autostart, row.autostart);
}

// Returns the row of one network. A definition that cannot be read sets `problem` and is not
// thrown. Only the head of live.xml is read, without its network.
NetworkSummary summary_of(const Root& root, const std::string& name, RulesLook& rules) {
    const NetworkDefinitions definitions(root);
    NetworkSummary summary;
    summary.name = name;
    summary.persistent = definitions.exists(name);
    summary.autostart = definitions.autostart(name);
    try {
        if (const auto live = read_live_network_head(root, name);
            live && live->running && live->current()) {
            summary.active = true;
            summary.uuid = live->uuid;
            summary.bridge = live->bridge;
            summary.without_rules = rules.is_without_rules(name, *live);
        } else if (const auto network = definitions.load(name)) {
            summary.uuid = network->uuid;
            summary.bridge = network->bridge.name;
        }
    } catch (const base::Exception& error) {
        summary.problem = error.message();
    }
    return summary;
}

// Returns the prefix length of the network's first address of this family, or 0 if it has none.
unsigned prefix_for(const xml::Network& network, bool v6) {
    for (const xml::NetworkIp& ip : network.ips)
        if (ip.v6() == v6) return xml::ip_prefix(ip);
    return 0;
}

}  // namespace

void LocalNetworks::require_write(std::string_view libvirt_call) const {
    if (read_only_)
        base::fail(ErrorCode::operation_denied, "read only access prevents {}", libvirt_call);
    root_.make_folders();
}

NetworkRef LocalNetworks::lookup_by_name(const std::string& name) const {
    auto network = find_network(root_, name);
    if (!network) fail_no_network(name);
    return std::move(*network);
}

NetworkRef LocalNetworks::lookup_by_uuid(const std::string& uuid) const {
    const auto canonical = base::parse_uuid(uuid);
    if (!canonical)
        base::fail(ErrorCode::invalid_arg, "uuid '{}' must be 32 hexadecimal digits", uuid);
    auto network = find_network_by_uuid(root_, *canonical);
    if (!network)
        base::fail(ErrorCode::no_network, "no network with matching uuid '{}'", *canonical);
    return std::move(*network);
}

std::vector<NetworkSummary> LocalNetworks::list(const NetworkFilter& filter) const {
    std::vector<std::string> names = NetworkDefinitions(root_).names();
    for (std::string& name : active_networks(root_)) names.push_back(std::move(name));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::vector<NetworkSummary> rows;
    RulesLook rules(root_);
    for (const std::string& name : names) {
        NetworkSummary row = summary_of(root_, name, rules);
        if (passes(row, filter)) rows.push_back(std::move(row));
    }
    return rows;
}

NetworkSummary LocalNetworks::info(const NetworkRef& network) const {
    if (!find_network(root_, network.name)) fail_no_network(network.name);
    RulesLook rules(root_);
    return summary_of(root_, network.name, rules);
}

std::vector<std::string> LocalNetworks::foreign_drops(const NetworkRef& network) const {
    const auto live = read_live_network(root_, network.name);
    if (!live || !live->running || !live->here()) return {};
    return driver::foreign_drops(live->network);
}

DefinedNetwork LocalNetworks::define_xml(std::string_view text, const std::string& file,
                                         DefineFlags flags) {
    require_write("virNetworkDefineXML");
    check_flags(flags, DefineFlags::validate, "networkDefineXMLFlags");
    return store(parse_given_network(text, file, has(flags, DefineFlags::validate)), file, false);
}

DefinedNetwork LocalNetworks::store(GivenNetwork given, const std::string& file, bool starts) {
    xml::Network& network = given.network;
    const auto locks = root_.lock_to_define_network(network.name);
    NetworkDefinitions definitions(root_);
    definitions.check(network);
    DefinedNetwork defined{{network.name, network.uuid}, std::move(given.notices)};
    // Two networks may be defined with the same addresses; a start refuses the second. The look comes
    // before the change, since it can fail.
    for (const std::string& rival : definitions.rivals(network))
        defined.notices.push_back(fmt::format(
            "{}: it has addresses of network '{}': only one of the two can run", file, rival));
    (void)definitions.store(network, starts);
    journal_network(root_, network.name, network.uuid, NetworkLifecycle::defined);
    return defined;
}

void LocalNetworks::undefine(const NetworkRef& network) {
    require_write("virNetworkUndefine");
    const auto lock = root_.lock_network(network.name);
    NetworkDefinitions definitions(root_);
    if (!definitions.exists(network.name)) {
        if (!find_network(root_, network.name)) fail_no_network(network.name);
        base::fail(ErrorCode::operation_invalid, "can't undefine transient network");
    }
    const bool runs = hold_network(root_, network.name).has_value();
    // The leases of a network that is off go with its definition; those of a running one go when it
    // stops.
    if (!runs) remove_live_network(root_, network.name, false);
    (void)definitions.remove(network.name);
    journal_network(root_, network.name, network.uuid, NetworkLifecycle::undefined);
}

std::string LocalNetworks::checked_xml(std::string_view text, const std::string& file,
                                       const std::vector<std::string>& bridges) const {
    GivenNetwork given = parse_given_network(text, file, false);
    NetworkDefinitions(root_).check(given.network, bridges);
    return xml::format_network(given.network);
}

std::string LocalNetworks::xml_desc(const NetworkRef& network, XmlFlags flags) const {
    check_flags(flags, XmlFlags::inactive, "networkGetXMLDesc");
    const auto live = read_live_network(root_, network.name);
    const bool active = live && live->running && live->current();
    if (active && !has(flags, XmlFlags::inactive)) {
        xml::Network shown = live->network;
        const auto ports = valid_ports(root_, network.name);
        // libvirt counts the ports in the attribute `connections` of the live document.
        shown.connections = static_cast<unsigned>(ports.size());
        for (xml::ForwardInterface& entry : shown.forward.interfaces)
            entry.connections = static_cast<unsigned>(std::count_if(
                ports.begin(), ports.end(),
                [&](const PortRecord& record) { return record.port.plug_dev == entry.dev; }));
        return xml::format_network(shown, {.live = true});
    }
    if (const auto definition = NetworkDefinitions(root_).load(network.name))
        return xml::format_network(*definition);
    if (!active) fail_no_network(network.name);
    return xml::format_network(live->network);
}

bool LocalNetworks::autostart(const NetworkRef& network) const {
    if (!find_network(root_, network.name)) fail_no_network(network.name);
    return NetworkDefinitions(root_).autostart(network.name);
}

void LocalNetworks::set_autostart(const NetworkRef& network, bool on) {
    require_write("virNetworkSetAutostart");
    const auto lock = root_.lock_network(network.name);
    if (!find_network(root_, network.name)) fail_no_network(network.name);
    (void)hold_network(root_, network.name);  // settles a change that was cut short
    NetworkDefinitions definitions(root_);
    if (!definitions.exists(network.name))
        base::fail(ErrorCode::operation_invalid, "cannot set autostart for transient network");
    definitions.set_autostart(network.name, on);
}

DhcpLeases LocalNetworks::dhcp_leases(const NetworkRef& network,
                                      const std::optional<std::string>& mac) const {
    DhcpLeases found;
    const std::string path = root_.network_paths().folder(network.name) + "/" + netd::kLeases;
    const auto text = base::try_read_file(path);
    if (!text) return found;
    const auto live = read_live_network(root_, network.name);
    const auto definition = live ? live->network : NetworkDefinitions(root_).load(network.name);
    // dnsmasq's lease file has addresses without prefix lengths.
    const unsigned prefix_v4 = definition ? prefix_for(*definition, false) : 0;
    const unsigned prefix_v6 = definition ? prefix_for(*definition, true) : 0;
    const std::int64_t now = ::time(nullptr);
    netd::Leases leases = netd::parse_leases(*text, path);
    found.notices = std::move(leases.notices);
    for (netd::Lease& lease : leases.leases) {
        // dnsmasq keeps a lease that has run out in the file until it next looks.
        if ((mac && lease.mac != *mac) || (lease.expiry != 0 && lease.expiry < now)) continue;
        found.leases.push_back({.expiry = lease.expiry,
                                .mac = std::move(lease.mac),
                                .iaid = std::move(lease.iaid),
                                .ip = std::move(lease.ip),
                                .prefix = lease.v6 ? prefix_v6 : prefix_v4,
                                .hostname = std::move(lease.hostname),
                                .client_id = std::move(lease.client_id),
                                .v6 = lease.v6});
    }
    return found;
}

}  // namespace lxvirt::driver
