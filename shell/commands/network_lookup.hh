// What most commands about a network begin with: its option, and finding it.
#pragma once

#include <string>
#include <vector>

#include "driver/networks.hh"
#include "shell/commands/lookup.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

// --- completion, sorted
[[nodiscard]] std::vector<std::string> complete_networks(Session& session);
[[nodiscard]] std::vector<std::string> complete_active_networks(Session& session);
[[nodiscard]] std::vector<std::string> complete_inactive_networks(Session& session);
[[nodiscard]] std::vector<std::string> complete_network_uuids(Session& session);

[[nodiscard]] constexpr Option network_option(
    Completer completer = complete_networks,
    std::string_view help = "the network, by its name or UUID") {
    return {"network", OptionType::data, help, completer, true};
}

// The network that --network names: 36 characters are a UUID first, what is left is a name. Throws
// Failure: "failed to get network 'x'", and why.
[[nodiscard]] driver::NetworkRef find_network(Session& session, const Invocation& invocation,
                                              unsigned accepts = kByName | kByUuid);

}  // namespace lxvirt::shell
