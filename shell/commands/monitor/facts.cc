// dominfo and domstate.
#include "driver/names.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/commands/words.hh"
#include "shell/core/session.hh"
#include "terminal/width.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kInfoOptions[] = {domain_option()};

// Prints one line of dominfo; the value stands in virsh's column.
void fact(Session& session, std::string_view key, std::string_view value) {
    session.print_format("{:<15} {}\n", key, value);
}

// Prints virsh's lines in virsh's order. Managed save and the security model never vary here, but
// are printed because scripts read them; "exe" is libvirt's OS type of containers. As in virsh, a
// CPU time of 0 leaves its line out.
bool dominfo(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const driver::Connection& connection = session.connection();
    const driver::DomainInfo info = connection.info(domain);
    fact(session, "Id:", domain.id == -1 ? std::string("-") : fmt::format("{}", domain.id));
    fact(session, "Name:", domain.name);
    fact(session, "UUID:", domain.uuid);
    fact(session, "OS Type:", "exe");
    fact(session, "State:", driver::state_name(info.state));
    fact(session, "CPU(s):", fmt::format("{}", info.vcpus));
    if (info.cpu_time != 0) {
        constexpr double kSecond = 1e9;
        fact(session,
             "CPU time:", fmt::format("{:.1f}s", static_cast<double>(info.cpu_time) / kSecond));
    }
    fact(session, "Max memory:", fmt::format("{} KiB", info.max_memory));
    fact(session, "Used memory:", fmt::format("{} KiB", info.memory));
    fact(session, "Persistent:", info.persistent ? "yes" : "no");
    fact(session, "Autostart:", connection.autostart(domain) ? "enable" : "disable");
    fact(session, "Managed save:", "no");
    fact(session, "Security model:", "none");
    fact(session, "Security DOI:", "0");
    // A container whose lxc_helper is gone, and has left processes.
    if (info.state == driver::DomainState::shutdown && domain.id == -1 &&
        !session.options().as_virsh())
        fact(session, "Left:", terminal::printable(connection.status(domain).detail).text);
    return true;
}

constexpr Option kStateOptions[] = {
    domain_option(),
    {"reason", OptionType::boolean, "print the reason, too"},
};

// Called as virsh, --reason leaves out how the init ended.
bool domstate(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const driver::DomainStatus status = session.connection().status(domain);
    if (invocation.has("reason"))
        session.print_format("{}\n", state_and_reason(status, !session.options().as_virsh()));
    else
        session.print_format("{}\n", driver::state_name(status.state));
    return true;
}

constexpr Command kCommands[] = {
    {"dominfo", "the main facts of a domain", "Print name, state and resources of a domain.",
     kInfoOptions, dominfo},
    {"domstate", "the state of a domain",
     "Print the state of a domain. With --reason print also why it is in that\n"
     "state and, for a container that ended by itself, the exit status or signal\n"
     "of its init.",
     kStateOptions, domstate},
};

}  // namespace

std::span<const Command> fact_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
