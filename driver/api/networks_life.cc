// LocalNetworks' methods that start, stop and change running networks, and their ports.
// hold_network() (driver/network/life.hh) is asked before each: it adopts a network whose lxnetd
// was killed.
#include <set>

#include "base/error.hh"
#include "base/file/log.hh"
#include "base/netlink/netlink.hh"
#include "driver/api/local.hh"
#include "driver/network/definitions.hh"
#include "driver/network/foreign_firewall.hh"
#include "driver/network/life.hh"
#include "driver/network/live.hh"
#include "driver/network/ports.hh"
#include "driver/store/link_alias.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Returns the names of the containers that use the network: those with a port, and those with a
// link in the bridge, which a container with <interface type='bridge'> has without a port. IFALIAS
// of such a link names the container.
std::set<std::string> attached(const Root& root, const xml::Network& network) {
    std::set<std::string> names;
    for (const PortRecord& record : valid_ports(root, network.name))
        if (record.owner != 0) names.insert(record.port.owner_name);
    if (!network.makes_bridge()) return names;
    base::Netlink netlink;
    const auto bridge = netlink.find_link(network.bridge.name);
    for (const base::LinkFacts& link : netlink.links()) {
        if (!bridge || link.master != *bridge) continue;
        if (auto owner = owner_of_link(root, link.alias); owner && root.running(*owner))
            names.insert(std::move(*owner));
    }
    return names;
}

// Returns what another program's firewall drops of a network that was just started, and notes it in
// the network's log: a start at boot has nobody who reads warnings. The network runs whether or not
// the look succeeds.
std::vector<std::string> note_foreign_drops(const Root& root, const xml::Network& network) {
    std::vector<std::string> sentences;
    try {
        sentences = foreign_drops(network);
    } catch (const base::Exception& error) {
        sentences = {error.message()};
    }
    for (std::string& sentence : sentences) {
        base::append_log(root.network_paths().log(network.name), sentence);
        sentence = fmt::format("network '{}': {}", network.name, sentence);
    }
    return sentences;
}

// Returns the running network, adopted if need be. Throws operation_invalid if it does not run.
LiveNetwork require_active(const Root& root, const std::string& name) {
    auto live = hold_network(root, name);
    if (!live) base::fail(ErrorCode::operation_invalid, "network '{}' is not active", name);
    return std::move(*live);
}

// Returns the port with this uuid. Throws no_network_port.
PortRecord require_port(const Root& root, const std::string& network, const std::string& uuid) {
    for (PortRecord& record : valid_ports(root, network))
        if (record.port.uuid == uuid) return std::move(record);
    base::fail(ErrorCode::no_network_port, "Network port with UUID {} does not exist", uuid);
}

}  // namespace

std::vector<std::string> LocalNetworks::start(const NetworkRef& network) {
    require_write("virNetworkCreate");
    const auto lock = root_.lock_network(network.name);
    if (hold_network(root_, network.name))
        base::fail(ErrorCode::operation_invalid, "network is already active");
    auto definition = NetworkDefinitions(root_).load(network.name);
    if (!definition) fail_no_network(network.name);
    start_network(root_, *definition);
    return note_foreign_drops(root_, *definition);
}

DefinedNetwork LocalNetworks::create_xml(std::string_view text, const std::string& file,
                                         DefineFlags flags) {
    require_write("virNetworkCreateXML");
    check_flags(flags, DefineFlags::validate, "networkCreateXMLFlags");
    auto [network, notices] = parse_given_network(text, file, has(flags, DefineFlags::validate));
    auto locks = root_.lock_to_define_network(network.name);
    NetworkDefinitions(root_).check(network);
    const base::OperationLock lock = std::move(locks.objects.front());
    locks.define.reset();  // not held over the start
    if (hold_network(root_, network.name))
        base::fail(ErrorCode::operation_invalid, "network is already active as '{}'", network.name);
    DefinedNetwork defined{{network.name, network.uuid}, std::move(notices)};
    start_network(root_, network);
    for (std::string& sentence : note_foreign_drops(root_, network))
        defined.notices.push_back(std::move(sentence));
    return defined;
}

void LocalNetworks::destroy(const NetworkRef& network, bool force) {
    require_write("virNetworkDestroy");
    const auto lock = root_.lock_network(network.name);
    // read_live_network() is asked instead of hold_network(), which would start a new lxnetd for a
    // network that lost its own, only to end it.
    const auto live = read_live_network(root_, network.name);
    if (!live || !live->running || !live->current()) {
        // A network of an earlier boot, or of a start that was cut short, is cleaned up here.
        (void)hold_network(root_, network.name);
        base::fail(ErrorCode::operation_invalid, "network '{}' is not active", network.name);
    }
    if (const auto names = attached(root_, live->network); !force && !names.empty()) {
        (void)hold_network(root_, network.name);  // the network goes on: settles its last change
        base::fail(ErrorCode::operation_invalid,
                   "network '{}' is in use by {}; --force takes it away from them", network.name,
                   fmt::join(names, ", "));
    }
    stop_network(root_, *live, NetworkDefinitions(root_).exists(network.name), lock.fd());
}

std::vector<std::string> LocalNetworks::update(const NetworkRef& network,
                                               xml::UpdateCommand command,
                                               xml::UpdateSection section, int parent_index,
                                               std::string_view fragment, Affect flags) {
    require_write("virNetworkUpdate");
    check_flags(flags, Affect::live | Affect::config, "networkUpdate");
    bool live = has(flags, Affect::live), config = has(flags, Affect::config);
    const auto lock = root_.lock_network(network.name);
    auto running = hold_network(root_, network.name);
    NetworkDefinitions definitions(root_);
    auto definition = definitions.load(network.name);
    if (!running && !definition) fail_no_network(network.name);
    // No flag (current) means the running network, or the definition of one that is off.
    if (!live && !config) (running ? live : config) = true;
    if (live && !running) base::fail(ErrorCode::operation_invalid, "network is not running");
    if (config && !definition)
        base::fail(ErrorCode::operation_invalid,
                   "cannot change persistent config of a transient network");
    std::vector<std::string> notices;
    const auto change = [&](xml::Network& which) {
        notices.clear();
        for (const xml::Notice& notice :
             xml::update_network(which, command, section, parent_index, fragment))
            notices.push_back(notice.message());
    };
    LiveNetwork changed;
    // Both are changed in memory first, so that a refusal leaves both as they are.
    if (live) change((changed = *running).network);
    if (config) change(*definition);
    if (live)
        change_network(root_, *running, changed,
                       config ? std::optional(xml::format_network(*definition)) : std::nullopt);
    else
        (void)definitions.store(*definition);
    return notices;
}

std::vector<std::string> LocalNetworks::ports(const NetworkRef& network) const {
    std::vector<std::string> uuids;
    for (PortRecord& record : valid_ports(root_, network.name))
        uuids.push_back(std::move(record.port.uuid));
    return uuids;
}

std::string LocalNetworks::port_xml(const NetworkRef& network, const std::string& uuid) const {
    return xml::format_network_port(require_port(root_, network.name, uuid).port);
}

std::string LocalNetworks::create_port(const NetworkRef& network, std::string_view text,
                                       const std::string& file, DefineFlags flags) {
    require_write("virNetworkPortCreateXML");
    check_flags(flags, DefineFlags::validate, "networkPortCreateXML");
    xml::ParseOptions options;
    options.file = file;
    options.validate = has(flags, DefineFlags::validate);
    PortRecord record;
    record.port = xml::parse_network_port(text, options).port;
    const auto lock = root_.lock_network(network.name);
    const LiveNetwork live = require_active(root_, network.name);
    // The uuid of a dead container's port may be used again.
    sweep_ports(root_, network.name);
    for (const std::string& uuid : ports(network))
        if (uuid == record.port.uuid)
            base::fail(ErrorCode::operation_failed, "network port with UUID {} exists already",
                       uuid);
    write_port(root_, network.name, record);
    run_network_hooks(
        root_, live.network,
        {.operation = "port-created", .port_xml = xml::format_network_port(record.port)});
    return record.port.uuid;
}

void LocalNetworks::delete_port(const NetworkRef& network, const std::string& uuid) {
    require_write("virNetworkPortDelete");
    const auto lock = root_.lock_network(network.name);
    const LiveNetwork live = require_active(root_, network.name);
    const PortRecord record = require_port(root_, network.name, uuid);
    (void)remove_port(root_, network.name, uuid);
    run_network_hooks(
        root_, live.network,
        {.operation = "port-deleted", .port_xml = xml::format_network_port(record.port)});
}

}  // namespace lxvirt::driver
