// The command list.
#include <strings.h>

#include <algorithm>

#include "driver/names.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/commands/words.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kOptions[] = {
    {"inactive", OptionType::boolean, "list the domains that are off"},
    {"all", OptionType::boolean, "list running domains and those that are off"},
    {"transient", OptionType::boolean, "only those without a stored definition"},
    {"persistent", OptionType::boolean, "only those with a stored definition"},
    {"with-snapshot", OptionType::boolean, "only those with snapshots"},
    {"without-snapshot", OptionType::boolean, "only those without snapshots"},
    {"with-checkpoint", OptionType::boolean, "only those with checkpoints"},
    {"without-checkpoint", OptionType::boolean, "only those without checkpoints"},
    {"state-running", OptionType::boolean, "only running ones"},
    {"state-paused", OptionType::boolean, "only suspended ones"},
    {"state-shutoff", OptionType::boolean, "only those that are off"},
    {"state-other", OptionType::boolean, "only those in any other state"},
    {"autostart", OptionType::boolean, "only those that start with the host"},
    {"no-autostart", OptionType::boolean, "only those that do not start with the host"},
    {"with-managed-save", OptionType::boolean, "only those with a saved state"},
    {"without-managed-save", OptionType::boolean, "only those without a saved state"},
    {"uuid", OptionType::boolean, "UUIDs, one a line"},
    {"name", OptionType::boolean, "names, one a line"},
    {"id", OptionType::boolean, "ids, one a line"},
    {"table", OptionType::boolean, "a table (as without any of these)"},
    {"managed-save", OptionType::boolean, "show which have a saved state"},
    {"title", OptionType::boolean, "show titles"},
};

// Returns the filter that the options ask for. As in virsh, filters of one kind are added up:
// --persistent and --transient together let every domain through.
driver::ListFilter filter_of(const Invocation& invocation) {
    driver::ListFilter filter;
    // As in virsh, --state-shutoff alone lists the inactive domains.
    const bool inactive = invocation.has("inactive") || invocation.has("state-shutoff");
    filter.active = invocation.has("all") || !inactive;
    filter.inactive = invocation.has("all") || inactive;
    filter.persistent = invocation.has("persistent");
    filter.transient = invocation.has("transient");
    filter.autostart = invocation.has("autostart");
    filter.no_autostart = invocation.has("no-autostart");
    filter.running = invocation.has("state-running");
    filter.paused = invocation.has("state-paused");
    filter.shutoff = invocation.has("state-shutoff");
    filter.other = invocation.has("state-other");
    filter.uuids = invocation.has("uuid");
    filter.titles = invocation.has("title");
    return filter;
}

// Says whether a filter lets no domain through. There are no snapshots, checkpoints and saved
// states yet, so a filter for domains with one matches none, unless its opposite is given as well.
bool nothing_can_match(const Invocation& invocation) {
    for (const char* kind : {"snapshot", "checkpoint", "managed-save"})
        if (invocation.has(fmt::format("with-{}", kind)) &&
            !invocation.has(fmt::format("without-{}", kind)))
            return true;
    return false;
}

// Sorts active domains by id, before the others, which are sorted by name without regard to case, as
// virsh does.
bool comes_first(const driver::DomainSummary& a, const driver::DomainSummary& b) {
    if ((a.id == -1) != (b.id == -1)) return a.id != -1;
    if (a.id != b.id) return a.id < b.id;
    const int order = ::strcasecmp(a.name.c_str(), b.name.c_str());
    return order != 0 ? order < 0 : a.name < b.name;
}

// Returns the id as virsh shows it: "-" for a domain that is off.
std::string id_text(int id) {
    return id == -1 ? std::string("-") : fmt::format("{}", id);
}

terminal::Paint paint_of(driver::DomainState state) {
    switch (state) {
        case driver::DomainState::running: return terminal::Paint::good;
        case driver::DomainState::crashed: return terminal::Paint::bad;
        case driver::DomainState::shutoff: return terminal::Paint::plain;
        default: return terminal::Paint::waiting;
    }
}

void print_table(Session& session, const std::vector<driver::DomainSummary>& domains, bool titles) {
    std::vector<std::string> header{"Id", "Name", "State"};
    if (titles) header.emplace_back("Title");
    terminal::Table table(header);
    const bool colors = session.colors();
    for (const driver::DomainSummary& domain : domains) {
        std::vector<std::string> row{id_text(domain.id), domain.name,
                                     std::string(driver::state_name(domain.state))};
        if (titles) row.push_back(domain.title);
        table.add(row);
        if (colors) table.paint(2, paint_of(domain.state));
    }
    session.print(table.text(!session.options().quiet));
}

// Prints a line of UUID, id and name for each domain, in this order whichever options came first.
// As in virsh, --id alone leaves out domains that are off.
void print_lines(Session& session, const std::vector<driver::DomainSummary>& domains,
                 const Invocation& invocation) {
    const bool names = invocation.has("name");
    const bool uuids = invocation.has("uuid");
    const bool ids = invocation.has("id");
    for (const driver::DomainSummary& domain : domains) {
        if (ids && !names && !uuids && domain.id == -1) continue;
        std::string line;
        const auto add = [&line](const std::string& text) {
            if (!line.empty()) line += ' ';
            line += text;
        };
        if (uuids) add(domain.uuid);
        if (ids) add(id_text(domain.id));
        if (names) add(domain.name);
        session.print_format("{}\n", line);
    }
}

// A definition that cannot be read is a warning; the other domains are listed.
bool list(Session& session, const Invocation& invocation) {
    invocation.exclusive("table", "name");
    invocation.exclusive("table", "uuid");
    invocation.exclusive("table", "id");
    std::vector<driver::DomainSummary> domains;
    if (!nothing_can_match(invocation)) {
        domains = explain(
            "Failed to list domains",
            [&] { return session.connection().list_all_domains(filter_of(invocation)); });
    }
    std::sort(domains.begin(), domains.end(), comes_first);
    if (invocation.has("name") || invocation.has("uuid") || invocation.has("id"))
        print_lines(session, domains, invocation);
    else
        print_table(session, domains, invocation.has("title"));
    for (const driver::DomainSummary& domain : domains)
        if (!domain.problem.empty()) session.warn(domain.problem);
    return true;
}

constexpr Command kCommands[] = {
    {"list", "list the domains", "List the running domains, or those that the options select.",
     kOptions, list},
};

}  // namespace

std::span<const Command> list_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
