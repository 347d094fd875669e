// start-autostarted and stop-running, which two systemd units run when the host boots and shuts
// down. virsh has no such commands: libvirt's daemon starts what is marked. One object that fails
// never keeps the others from their turn; the exit status then says that something failed.
#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.hh"
#include "driver/apply/autostart.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/interrupt.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kOptions[] = {
    {"group", OptionType::string,
     "groups to start, separated by commas; an empty name stands for the domains without a "
     "group (default: onboot, then the domains without a group)",
     nullptr, false, true},
    {"all", OptionType::boolean, "start the domains of all groups"},
    {"ignore-auto", OptionType::boolean, "include domains that are not marked as autostarted"},
    {"list", OptionType::boolean, "print names and delays, and start nothing"},
};

// Runs `act`. Prints a failure and returns false, so that the other objects still get their turn.
template <typename Act>
bool goes_on_after(Session& session, const std::string& line, Act&& act) {
    try {
        act();
        return true;
    } catch (const base::Exception& error) {
        session.error(line);
        session.error(error.message());
        return false;
    }
}

// Starts the networks that are marked as autostarted and are off. They come first, because domains
// are attached to them. Returns false if one failed.
bool start_networks(Session& session) {
    driver::Networks& networks = session.connection().networks();
    bool good = true;
    for (const auto& network : networks.list({.inactive = true, .autostart = true}))
        good &=
            goes_on_after(session, fmt::format("Failed to start network {}", network.name), [&] {
                (void)networks.start(networks.lookup_by_name(network.name));
                session.print_extra_format("Network {} started\n", network.name);
            });
    return good;
}

// Returns what is known for the choice about each domain that the filter lets through. A domain
// whose definition cannot be read is printed as an error, left out, and sets `good` to false.
std::vector<driver::AutostartCandidate> candidates(Session& session,
                                                   const driver::ListFilter& filter, bool& good) {
    std::vector<driver::AutostartCandidate> found;
    const driver::Connection& connection = session.connection();
    for (const auto& row : connection.list_all_domains(filter))
        good &= goes_on_after(
            session, fmt::format("Failed to read the definition of domain '{}'", row.name), [&] {
                const driver::DomainRef domain = connection.lookup_by_name(row.name);
                const std::string text = connection.xml_desc(
                    domain, filter.inactive ? driver::XmlFlags::inactive : driver::XmlFlags::none);
                found.push_back(
                    driver::autostart_candidate(xml::parse_domain(text, {.file = row.name}).domain,
                                                connection.autostart(domain)));
            });
    return found;
}

// Sleeps in short steps. Returns true if Ctrl-C has come.
bool interrupted_pause(const terminal::InterruptGuard& guard, unsigned seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!guard.interrupted() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return guard.interrupted();
}

// Starts the chosen domains one after the other, with the pause of <lx:autostart delay> after each
// but the last. Ctrl-C ends the command between two starts and is a failure.
bool start_autostarted(Session& session, const Invocation& invocation) {
    invocation.exclusive("group", "all");
    driver::AutostartSelection selection{.all_groups = invocation.has("all"),
                                         .unmarked = invocation.has("ignore-auto")};
    if (invocation.has("group"))
        selection.groups = driver::autostart_groups(invocation.text("group"));
    bool good = true;
    const driver::ListFilter off{.active = false, .autostart = !selection.unmarked};
    const auto chosen = choose_autostart(candidates(session, off, good), selection);
    if (invocation.has("list")) {
        for (const auto& domain : chosen)
            session.print(fmt::format("{} {}\n", domain.name, domain.delay));
        return good;
    }
    good &= start_networks(session);
    const terminal::InterruptGuard guard;
    for (const auto& domain : chosen) {
        if (guard.interrupted()) return false;
        const bool started =
            goes_on_after(session, fmt::format("Failed to start domain '{}'", domain.name), [&] {
                driver::Connection& connection = session.connection();
                for (const std::string& notice :
                     connection.start(connection.lookup_by_name(domain.name)))
                    session.warn(notice);
                session.print_extra_format("Domain '{}' started\n", domain.name);
            });
        good &= started;
        if (started && &domain != &chosen.back() && interrupted_pause(guard, domain.delay))
            return false;
    }
    return good;
}

constexpr Option kStopOptions[] = {
    {"wait", OptionType::integer,
     "seconds until the domains that still run are destroyed (default: 60)"},
};

// Waits until `end` if the domain was asked to stop, and destroys it if it still runs. A domain
// that could not be asked is destroyed at once. Prints a failure and returns false.
bool stop_by(Session& session, const driver::DomainRef& domain, bool asked,
             std::chrono::steady_clock::time_point end) {
    return goes_on_after(
        session, fmt::format("Failed to destroy domain '{}'", domain.name),
        [&] {
            const std::chrono::duration<double> left = end - std::chrono::steady_clock::now();
            driver::Connection& connection = session.connection();
            if (asked && connection.wait_stopped(domain, std::max(left.count(), 0.0))) return;
            try {
                connection.destroy(domain);
            } catch (const base::Error& error) {
                // The domain has ended by itself meanwhile.
                if (error.code() == base::ErrorCode::operation_invalid) return;
                throw;
            }
            session.print_extra_format("Domain '{}' destroyed\n", domain.name);
        });
}

// Asks all domains first and then waits for each, so that they stop at the same time and --wait
// limits the whole command.
bool stop_running(Session& session, const Invocation& invocation) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(invocation.number("wait", 60, 0));
    bool good = true;
    auto chosen = choose_autostart(candidates(session, {.inactive = false}, good),
                                   {.all_groups = true, .unmarked = true});
    std::reverse(chosen.begin(), chosen.end());
    std::vector<driver::DomainRef> asked, refused;
    for (const auto& candidate : chosen) {
        driver::DomainRef domain;
        const bool done = goes_on_after(
            session, fmt::format("Failed to shutdown domain '{}'", candidate.name), [&] {
                domain = session.connection().lookup_by_name(candidate.name);
                session.connection().shutdown(domain);
                session.print_extra_format("Domain '{}' is being shutdown\n", domain.name);
            });
        // The name is empty if the lookup failed; there is no domain to wait for then.
        if (!domain.name.empty()) (done ? asked : refused).push_back(domain);
    }
    for (const driver::DomainRef& domain : refused) good &= stop_by(session, domain, false, end);
    for (const driver::DomainRef& domain : asked) good &= stop_by(session, domain, true, end);
    return good;
}

constexpr Command kCommands[] = {
    {"start-autostarted", "start the networks and domains that start with the host",
     "Start the networks and then the domains that are marked as autostarted and\n"
     "are off. Groups are started one after the other, the domains of a group by\n"
     "<lx:autostart order>, lowest first, then by name, with a pause of\n"
     "<lx:autostart delay> seconds after each. A failure does not stop the others.",
     kOptions, start_autostarted, kInterruptible},
    {"stop-running", "stop all running containers before the host shuts down",
     "Ask every running domain to shut itself down, in the opposite order of\n"
     "start-autostarted, and destroy those that still run after --wait seconds.\n"
     "Networks stay.",
     kStopOptions, stop_running, kInterruptible},
};

}  // namespace

std::span<const Command> autostart_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
