// How most commands about a domain begin: with the option that names the domain, and with finding
// it.
#pragma once

#include <string>
#include <vector>

#include "driver/types.hh"
#include "shell/core/command.hh"
#include "shell/core/complete.hh"

namespace lxvirt::shell {

// --- completion: names of domains, sorted; the functions throw if there is no connection, and
// complete_words() then offers nothing.
[[nodiscard]] std::vector<std::string> complete_domains(Session& session);
[[nodiscard]] std::vector<std::string> complete_active(Session& session);
[[nodiscard]] std::vector<std::string> complete_inactive(Session& session);
[[nodiscard]] std::vector<std::string> complete_running(Session& session);
[[nodiscard]] std::vector<std::string> complete_paused(Session& session);

// Returns the required first option of such commands, "domain". virsh takes it as a bare word or as
// --domain.
[[nodiscard]] constexpr Option domain_option(
    Completer completer = complete_domains,
    std::string_view help = "the domain, by its name, id or UUID") {
    return {"domain", OptionType::data, help, completer, true};
}

// The length of a UUID with its hyphens. virsh tries nothing else as a UUID.
inline constexpr std::size_t kUuidLength = 36;

// Says by what a command accepts a domain; domname, for instance, takes no name, as in virsh.
enum Accepts : unsigned { kById = 1, kByUuid = 2, kByName = 4, kByAny = 7 };

// Returns the domain that `option` names, tried in virsh's order: a number as an id, 36 characters
// as a UUID, and then the word as a name, so that a domain called "7" is found unless an id 7 runs.
// Throws Failure: "failed to get domain 'x'", with the driver's message if the lookup itself
// failed.
[[nodiscard]] driver::DomainRef find_domain(Session& session, const Invocation& invocation,
                                            unsigned accepts = kByAny,
                                            std::string_view option = "domain");

// --live, --config and --current are the same options in every command that changes the running
// container, the definition or both.
inline constexpr Option kLiveOption{"live", OptionType::boolean, "use the running container"};
inline constexpr Option kConfigOption{"config", OptionType::boolean,
                                      "use the definition, which the next start takes"};
inline constexpr Option kCurrentOption{"current", OptionType::boolean,
                                       "use the container if it runs, else the definition"};

// Returns the flags of these options. Throws Failure if --current was given with another one.
[[nodiscard]] driver::Affect affect_flags(const Invocation& invocation);

// Returns the content of a file that the user named. Throws Failure in virsh's words: "Failed to
// open file 'x': ...".
[[nodiscard]] std::string read_document(const std::string& path);

}  // namespace lxvirt::shell
