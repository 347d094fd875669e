#include "driver/network/definitions.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "driver/network/live.hh"
#include "xml/document/identity.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

using base::ErrorCode;

std::optional<xml::Network> NetworkDefinitions::load(std::string_view name) const {
    const auto text = whole_text(name);
    if (!text) return std::nullopt;
    xml::ParseOptions options;
    options.file = root_.network_paths().definition(name);
    xml::Network network = xml::parse_network(*text, options).network;
    network.name = name;
    return network;
}

std::vector<xml::Network> NetworkDefinitions::others(std::string_view name) const {
    std::vector<xml::Network> found;
    const auto add = [&](const std::string& other, auto&& read) {
        if (other == name) return;
        try {
            if (auto network = read(other)) found.push_back(std::move(*network));
        } catch (const base::Exception&) {
            // A network that cannot be read is an error for whoever uses it, not for others.
        }
    };
    for (const std::string& other : names())
        add(other, [this](const std::string& which) { return load(which); });
    for (const std::string& other : active_networks(root_))
        if (!exists(other))
            add(other, [this](const std::string& which) -> std::optional<xml::Network> {
                auto live = read_live_network(root_, which);
                if (!live) return std::nullopt;
                return std::move(live->network);
            });
    return found;
}

void NetworkDefinitions::check(xml::Network& network, std::vector<std::string> taken) const {
    xml::check_name(network.name);
    const auto own = find_network(root_, network.name);
    // A definition without a readable uuid may be replaced: that is how it is repaired.
    if (own && own->uuid != network.uuid && !own->uuid.empty())
        base::fail(ErrorCode::operation_failed, "network '{}' already exists with uuid {}",
                   network.name, own->uuid);
    if (const auto other = find_network_by_uuid(root_, network.uuid);
        other && other->name != network.name)
        base::fail(ErrorCode::operation_failed, "network '{}' is already defined with uuid {}",
                   other->name, network.uuid);
    const auto rest = others(network.name);
    if (network.makes_bridge() && network.bridge.name.empty()) {
        for (const xml::Network& other : rest) taken.push_back(other.bridge.name);
        base::Netlink netlink;
        for (base::LinkFacts& link : netlink.links()) taken.push_back(std::move(link.name));
        xml::choose_bridge(network, taken);
    }
    xml::require_free_bridge(network, rest);
}

std::vector<std::string> NetworkDefinitions::rivals(const xml::Network& network) const {
    std::vector<std::string> names;
    for (const xml::Network& other : others(network.name)) {
        std::vector<xml::UsedSubnet> used;
        for (const xml::NetworkIp& ip : other.ips)
            used.push_back({other.name, ip.address, xml::ip_prefix(ip)});
        if (xml::find_overlap(network, used)) names.push_back(other.name);
    }
    return names;
}

bool NetworkDefinitions::store(const xml::Network& network, bool starts) {
    return write(network.name, xml::format_network(network), starts);
}

GivenNetwork parse_given_network(std::string_view text, const std::string& file, bool validate) {
    xml::ParseOptions options;
    options.file = file;
    options.validate = validate;
    xml::ParsedNetwork parsed = xml::parse_network(text, options);
    xml::check_name(parsed.network.name);
    GivenNetwork given{std::move(parsed.network), {}};
    for (const xml::Notice& notice : parsed.notices) given.notices.push_back(notice.message());
    return given;
}

std::optional<NetworkRef> find_network(const Root& root, std::string_view name) {
    if (!xml::is_name(name)) return std::nullopt;
    const NetworkDefinitions definitions(root);
    if (auto uuid = definitions.uuid(name)) return NetworkRef{std::string(name), std::move(*uuid)};
    const auto live = read_live_network_head(root, name);
    if (live && live->running && live->current()) return NetworkRef{std::string(name), live->uuid};
    if (definitions.exists(name)) return NetworkRef{std::string(name), ""};
    return std::nullopt;
}

std::optional<NetworkRef> find_network_by_uuid(const Root& root, std::string_view uuid) {
    if (auto name = NetworkDefinitions(root).find_by_uuid(uuid))
        return NetworkRef{std::move(*name), std::string(uuid)};
    for (std::string& name : active_networks(root)) {
        try {
            if (const auto live = read_live_network_head(root, name); live && live->uuid == uuid)
                return NetworkRef{std::move(name), std::string(uuid)};
        } catch (const base::Exception&) {
            // A network that cannot be read is an error for whoever names it, not for others.
        }
    }
    return std::nullopt;
}

}  // namespace lxvirt::driver
