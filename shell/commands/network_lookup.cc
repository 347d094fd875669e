#include "shell/commands/network_lookup.hh"

#include <algorithm>
#include <optional>

#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

// Returns one field of each network that the filter lets through, sorted.
std::vector<std::string> sorted(Session& session, const driver::NetworkFilter& filter,
                                std::string driver::NetworkSummary::*field) {
    std::vector<std::string> out;
    for (driver::NetworkSummary& network : session.connection().networks().list(filter))
        out.push_back(std::move(network.*field));
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

std::vector<std::string> complete_networks(Session& session) {
    return sorted(session, {}, &driver::NetworkSummary::name);
}

std::vector<std::string> complete_active_networks(Session& session) {
    return sorted(session, {.active = true}, &driver::NetworkSummary::name);
}

std::vector<std::string> complete_inactive_networks(Session& session) {
    return sorted(session, {.inactive = true}, &driver::NetworkSummary::name);
}

std::vector<std::string> complete_network_uuids(Session& session) {
    return sorted(session, {}, &driver::NetworkSummary::uuid);
}

driver::NetworkRef find_network(Session& session, const Invocation& invocation, unsigned accepts) {
    const std::string word = invocation.text("network");
    const driver::Networks& networks = session.connection().networks();
    session.debug(Level::info,
                  fmt::format("{}: found option <network>: {}", invocation.command().name, word));
    std::vector<std::string> lines{fmt::format("failed to get network '{}'", word)};
    // Returns nullopt if there is no such network. The driver's last message is kept, because the
    // error must say why the last attempt failed.
    const auto unless_absent = [&](auto&& look_up) -> std::optional<driver::NetworkRef> {
        try {
            return look_up(word);
        } catch (const base::Exception& error) {
            lines.resize(1);
            lines.push_back(error.message());
            if (error.code() != base::ErrorCode::no_network) throw Failure(lines);
            return std::nullopt;
        }
    };
    std::optional<driver::NetworkRef> found;
    if ((accepts & kByUuid) != 0 && word.size() == kUuidLength)
        found =
            unless_absent([&](const std::string& uuid) { return networks.lookup_by_uuid(uuid); });
    if (!found && (accepts & kByName) != 0)
        found =
            unless_absent([&](const std::string& name) { return networks.lookup_by_name(name); });
    if (!found) throw Failure(lines);
    return *found;
}

}  // namespace lxvirt::shell
