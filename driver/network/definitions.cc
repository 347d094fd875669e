#include "driver/network/definitions.hh"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "driver/network/live.hh"
#include "xml/document/identity.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

using base::ErrorCode;

namespace {

std::uint64_t nanoseconds(const timespec& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::optional<xml::Network> NetworkDefinitions::load(std::string_view name) const {
    const auto text = whole_text(name);
    if (!text) return std::nullopt;
    xml::ParseOptions options;
    options.file = root_.network_paths().definition(name);
    xml::Network network = xml::parse_network(*text, options).network;
    network.name = name;
    return network;
}

// A definition is replaced by rename(2), so a changed one has another inode; an editor that writes
// into the file changes its times.
const NetworkDefinitions::Other& NetworkDefinitions::known(const std::string& name) const {
    struct Read {
        std::array<std::uint64_t, 6> identity{};
        Other other;
    };
    static std::map<std::string, Read> all;
    const std::string path = root_.network_paths().definition(name);
    struct stat facts {};
    std::array<std::uint64_t, 6> identity{};
    if (::stat(path.c_str(), &facts) == 0)
        identity = {facts.st_dev,
                    facts.st_ino,
                    static_cast<std::uint64_t>(facts.st_size),
                    nanoseconds(facts.st_mtim),
                    nanoseconds(facts.st_ctim),
                    1};
    Read& read = all[path];
    if (read.identity == identity) return read.other;
    read = {identity, {name, std::nullopt, nullptr}};
    try {
        read.other.uuid = uuid(name);
        if (auto network = load(name))
            read.other.network = std::make_shared<const xml::Network>(std::move(*network));
    } catch (const base::Exception&) {
        // A network that cannot be read is an error for whoever uses it, not for others.
    }
    return read.other;
}

std::vector<NetworkDefinitions::Other> NetworkDefinitions::others(std::string_view name) const {
    std::vector<Other> found;
    for (const std::string& other : names())
        if (other != name) found.push_back(known(other));
    for (const std::string& other : active_networks(root_)) {
        if (other == name || exists(other)) continue;
        try {
            auto live = read_live_network(root_, other);
            if (!live) continue;
            auto network = std::make_shared<const xml::Network>(std::move(live->network));
            found.push_back({other, network->uuid, network});
        } catch (const base::Exception&) {
            // As above.
        }
    }
    return found;
}

void NetworkDefinitions::check(xml::Network& network, std::vector<std::string> taken) const {
    xml::check_name(network.name);
    const auto own = find_network(root_, network.name);
    // A definition without a readable uuid may be replaced: that is how it is repaired.
    if (own && own->uuid != network.uuid && !own->uuid.empty())
        base::fail(ErrorCode::operation_failed, "network '{}' already exists with uuid {}",
                   network.name, own->uuid);
    const auto rest = others(network.name);
    for (const Other& other : rest)
        if (other.uuid == network.uuid)
            base::fail(ErrorCode::operation_failed, "network '{}' is already defined with uuid {}",
                       other.name, network.uuid);
    if (network.makes_bridge() && network.bridge.name.empty()) {
        for (const Other& other : rest)
            if (other.network) taken.push_back(other.network->bridge.name);
        base::Netlink netlink;
        for (base::LinkFacts& link : netlink.links()) taken.push_back(std::move(link.name));
        xml::choose_bridge(network, taken);
    }
    for (const Other& other : rest)
        if (other.network) xml::require_free_bridge(network, {other.network.get(), 1});
}

std::vector<std::string> NetworkDefinitions::rivals(const xml::Network& network) const {
    std::vector<std::string> names;
    for (const Other& other : others(network.name)) {
        if (!other.network) continue;
        std::vector<xml::UsedSubnet> used;
        for (const xml::NetworkIp& ip : other.network->ips)
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
