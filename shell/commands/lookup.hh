// What most commands about a domain begin with: its option, and finding it.
#pragma once

#include <string>
#include <vector>

#include "driver/types.hh"
#include "shell/core/command.hh"
#include "shell/core/complete.hh"

namespace lxvirt::shell {

// --- completion: names of domains, sorted. Empty where there is no connection.
[[nodiscard]] std::vector<std::string> complete_domains(Session& session);
[[nodiscard]] std::vector<std::string> complete_active(Session& session);
[[nodiscard]] std::vector<std::string> complete_inactive(Session& session);
[[nodiscard]] std::vector<std::string> complete_running(Session& session);
[[nodiscard]] std::vector<std::string> complete_paused(Session& session);

[[nodiscard]] constexpr Option domain_option(
    Completer completer = complete_domains,
    std::string_view help = "the domain, by its name, id or UUID") {
    return {"domain", OptionType::data, help, completer, true};
}

inline constexpr std::size_t kUuidLength = 36;

enum Accepts : unsigned { kById = 1, kByUuid = 2, kByName = 4, kByAny = 7 };

// The domain that `option` names. A number is an id first; 36 characters are a UUID first; what is
// left is a name. Throws Failure: "failed to get domain 'x'".
[[nodiscard]] driver::DomainRef find_domain(Session& session, const Invocation& invocation,
                                            unsigned accepts = kByAny,
                                            std::string_view option = "domain");

// --live, --config and --current, as every command that changes one or both has them.
inline constexpr Option kLiveOption{"live", OptionType::boolean, "use the running container"};
inline constexpr Option kConfigOption{"config", OptionType::boolean,
                                      "use the definition, which the next start takes"};
inline constexpr Option kCurrentOption{"current", OptionType::boolean,
                                       "use the container if it runs, else the definition"};

// Returns the flags of these options. Throws Failure if --current was given with one of the others.
[[nodiscard]] driver::Affect affect_flags(const Invocation& invocation);

// The text of the file that the user named. Throws Failure: "Failed to open file 'x': ...".
[[nodiscard]] std::string read_document(const std::string& path);

}  // namespace lxvirt::shell
