// domid, domname and domuuid: each turns one name of a domain into another. As in virsh, none of
// them accepts the kind of name that it prints.
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kIdOptions[] = {domain_option(complete_active, "the domain, by its name or UUID")};

// As in virsh, a domain that is off is a success, with "-" as its id.
bool domid(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation, kByName | kByUuid);
    session.print(domain.id == -1 ? std::string("-\n") : fmt::format("{}\n", domain.id));
    return true;
}

// Nothing is completed: the names that completion knows are what this command is to find.
std::vector<std::string> complete_ids(Session& session) {
    std::vector<std::string> ids;
    for (const driver::DomainSummary& domain :
         session.connection().list_all_domains({.active = true, .inactive = false}))
        ids.push_back(fmt::format("{}", domain.id));
    return ids;
}

constexpr Option kNameOptions[] = {domain_option(complete_ids, "the domain, by its id or UUID")};

bool domname(Session& session, const Invocation& invocation) {
    session.print_format("{}\n", find_domain(session, invocation, kById | kByUuid).name);
    return true;
}

constexpr Option kUuidOptions[] = {
    domain_option(complete_domains, "the domain, by its name or id")};

bool domuuid(Session& session, const Invocation& invocation) {
    session.print_format("{}\n", find_domain(session, invocation, kById | kByName).uuid);
    return true;
}

constexpr Command kCommands[] = {
    {"domid", "the id of a domain",
     "Print the id of a running container, which is the process id of its\n"
     "supervisor, or '-' for a domain that is off.",
     kIdOptions, domid},
    {"domname", "the name of a domain", {}, kNameOptions, domname},
    {"domuuid", "the UUID of a domain", {}, kUuidOptions, domuuid},
};

}  // namespace

std::span<const Command> identity_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
