// The command plan, which virsh does not have: prints what a start would do, without doing it.
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kPlanOptions[] = {domain_option()};

bool plan(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    session.print(explain(fmt::format("Failed to plan the start of domain '{}'", domain.name),
                          [&] { return session.connection().plan(domain); }));
    return true;
}

constexpr Command kCommands[] = {
    {"plan", "show what a start would do",
     "Print, step by step, what starting the domain would make and mount.\n"
     "Nothing is changed.",
     kPlanOptions, plan},
};

}  // namespace

std::span<const Command> plan_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
