// How most commands about a network begin: with the option that names the network, and with finding
// it.
#pragma once

#include <string>
#include <vector>

#include "driver/networks.hh"
#include "shell/commands/lookup.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

// --- completion: names or UUIDs of networks, sorted; the functions throw if there is no
// connection.
[[nodiscard]] std::vector<std::string> complete_networks(Session& session);
[[nodiscard]] std::vector<std::string> complete_active_networks(Session& session);
[[nodiscard]] std::vector<std::string> complete_inactive_networks(Session& session);
[[nodiscard]] std::vector<std::string> complete_network_uuids(Session& session);

// Returns the required first option of such commands, "network".
[[nodiscard]] constexpr Option network_option(
    Completer completer = complete_networks,
    std::string_view help = "the network, by its name or UUID") {
    return {"network", OptionType::data, help, completer, true};
}

// Returns the network that --network names: 36 characters are tried as a UUID first, then the word
// as a name. A network has no id. Throws Failure: "failed to get network 'x'", and why.
[[nodiscard]] driver::NetworkRef find_network(Session& session, const Invocation& invocation,
                                              unsigned accepts = kByName | kByUuid);

}  // namespace lxvirt::shell
