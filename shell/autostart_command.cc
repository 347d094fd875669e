// start-autostarted: what the host's boot runs.
#include <chrono>
#include <thread>

#include "base/error.hh"
#include "driver/autostart.hh"
#include "shell/failure.hh"
#include "shell/interrupt.hh"
#include "shell/registry.hh"
#include "shell/session.hh"
#include "xml/parse.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kOptions[] = {
    {"group", OptionType::string,
     "groups to start, with commas between; an empty name stands for "
     "those without a group (default: onboot, then those)",
     nullptr, false, true},
    {"all", OptionType::boolean, "whatever their group"},
    {"ignore-auto", OptionType::boolean, "those that are not marked as autostarted, too"},
    {"list", OptionType::boolean, "only print their names and delays"},
};

// Runs `act`; a failure is printed, and the others are still to have their turn.
template <typename Act>
bool attempt(Session& session, const std::string& line, Act&& act) {
    try {
        act();
        return true;
    } catch (const base::Exception& error) {
        session.error(line);
        session.error(error.message());
        return false;
    }
}

bool start_networks(Session& session) {
    driver::Networks networks = session.connection().networks();
    bool good = true;
    for (const auto& network : networks.list({.inactive = true, .autostart = true}))
        good &= attempt(session, fmt::format("Failed to start network {}", network.name), [&] {
            networks.start(networks.lookup_by_name(network.name));
            session.say_format("Network {} started\n", network.name);
        });
    return good;
}

// Those that are off. One whose definition cannot be read is told.
std::vector<driver::AutostartCandidate> candidates(Session& session, bool unmarked, bool& good) {
    std::vector<driver::AutostartCandidate> found;
    const driver::Connection& connection = session.connection();
    for (const auto& row : connection.list_all_domains({.active = false, .autostart = !unmarked}))
        good &= attempt(
            session, fmt::format("Failed to read the definition of domain '{}'", row.name), [&] {
                const driver::DomainRef domain = connection.lookup_by_name(row.name);
                const std::string text = connection.xml_desc(domain, {.inactive = true});
                found.push_back(
                    driver::autostart_candidate(xml::parse_domain(text, {.file = row.name}).domain,
                                                connection.autostart(domain)));
            });
    return found;
}

bool interrupted_pause(const InterruptGuard& guard, unsigned seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!guard.interrupted() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return guard.interrupted();
}

bool start_autostarted(Session& session, const Invocation& invocation) {
    invocation.exclusive("group", "all");
    driver::AutostartSelection selection{.all_groups = invocation.has("all"),
                                         .unmarked = invocation.has("ignore-auto")};
    if (invocation.has("group"))
        selection.groups = driver::autostart_groups(invocation.text("group"));
    bool good = true;
    const auto chosen = choose_autostart(candidates(session, selection.unmarked, good), selection);
    if (invocation.has("list")) {
        for (const auto& domain : chosen)
            session.print(fmt::format("{} {}\n", domain.name, domain.delay));
        return good;
    }
    good &= start_networks(session);
    const InterruptGuard guard;
    for (const auto& domain : chosen) {
        if (guard.interrupted()) return false;
        const bool started =
            attempt(session, fmt::format("Failed to start domain '{}'", domain.name), [&] {
                driver::Connection& connection = session.connection();
                connection.start(connection.lookup_by_name(domain.name), {});
                session.say_format("Domain '{}' started\n", domain.name);
            });
        good &= started;
        if (started && &domain != &chosen.back() && interrupted_pause(guard, domain.delay))
            return false;
    }
    return good;
}

constexpr Command kCommands[] = {
    {"start-autostarted", "start what starts with the host",
     "Start the networks and then the domains that are marked as autostarted and\n"
     "are off: group after group, in a group by <lx:autostart order>, lowest\n"
     "first, then by name, with <lx:autostart delay> seconds after each. One that\n"
     "does not start does not stop the others.",
     kOptions, start_autostarted, kInterruptible},
};

}  // namespace

std::span<const Command> autostart_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
