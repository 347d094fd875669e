// console and ttyconsole.
#include "shell/commands/console.hh"
#include "shell/commands/device_lookup.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kConsoleOptions[] = {
    domain_option(complete_active),
    {"devname", OptionType::string, "the console's alias (default: the first console)",
     complete_consoles},
    {"force", OptionType::boolean, "disconnect whoever is connected"},
    {"safe", OptionType::boolean, "fail if somebody is connected"},
};

// Unlike libvirt's LXC driver, lxvirt supports --force and --safe.
bool console(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const auto flags = flags_of<driver::ConsoleFlags>(
        invocation, {{"force", driver::ConsoleFlags::force}, {"safe", driver::ConsoleFlags::safe}});
    return open_console(session, domain, invocation.text("devname"), flags);
}

constexpr Option kTtyOptions[] = {domain_option(complete_active)};

// Prints nothing and fails for a domain that is off or has no console, as virsh does.
bool ttyconsole(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    if (domain.id == -1) return false;
    const std::string path = session.connection().console_path(domain, {});
    if (path.empty()) return false;
    session.print_format("{}\n", path);
    return true;
}

constexpr Command kCommands[] = {
    {"console", "connect to a domain's console",
     "Connect this terminal to the container's console. The escape character,\n"
     "which is ^] unless -e names another, ends the connection.",
     kConsoleOptions, console, kInterruptible},
    {"ttyconsole", "the device of a domain's console",
     "Print the path of the terminal device behind the first console.", kTtyOptions, ttyconsole},
};

}  // namespace

std::span<const Command> console_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
