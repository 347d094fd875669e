// Lists domains by their files and locks; parses no XML.
#include "driver/api/list.hh"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"
#include "driver/store/state.hh"
#include "xml/document/scan.hh"

namespace lxvirt::driver {

namespace {

// A row of the list, and the two facts that only the filters look at.
struct Row {
    DomainSummary summary;
    bool defined = false;
    bool starts = false;  // the domain starts with the host
};

// Returns true if neither filter of a pair is set, as such a pair asks for nothing.
bool passes_pair(bool first, bool second, bool is_first) {
    return (!first && !second) || (is_first ? first : second);
}

bool passes(const Row& row, const ListFilter& filter) {
    const bool active = row.summary.id >= 0;
    if (!(active ? filter.active : filter.inactive)) return false;
    if (!passes_pair(filter.persistent, filter.transient, row.defined)) return false;
    if (!passes_pair(filter.autostart, filter.no_autostart, row.starts)) return false;
    if (!filter.running && !filter.paused && !filter.shutoff && !filter.other) return true;
    switch (row.summary.state) {
        case DomainState::running: return filter.running;
        case DomainState::paused: return filter.paused;
        case DomainState::shutoff: return filter.shutoff;
        default: return filter.other;
    }
}

// Keeps the first problem of a row, which the others usually follow from.
void add_problem(DomainSummary& summary, std::string_view what) {
    if (summary.problem.empty()) summary.problem = what;
}

// Fills in uuid and title, from the live definition of a running domain, as libvirt does. An error
// becomes the row's problem.
void add_texts(const Root& root, const ListFilter& filter, DomainSummary& summary) {
    try {
        auto text = summary.id >= 0 ? base::try_read_state(root.live(summary.name)) : std::nullopt;
        if (!text) text = Definitions(root).text(summary.name);
        if (!text) return;
        if (filter.uuids) {
            if (const auto uuid = xml::scan_uuid(*text))
                summary.uuid = *uuid;
            else
                add_problem(summary, root.definition(summary.name) + ": no valid <uuid>");
        }
        if (filter.titles) summary.title = xml::scan_title(*text);
    } catch (const base::Exception& error) {
        add_problem(summary, error.message());
    }
}

// Returns the state of a running domain; nostate, with a problem, if its files cannot be read.
DomainState state_of(const Root& root, DomainSummary& summary) {
    try {
        return read_state(root, summary.name, summary.id).state;
    } catch (const base::Exception& error) {
        add_problem(summary, error.message());
        return DomainState::nostate;
    }
}

// Returns the names of the autostart links, "NAME.xml": one folder is read, not a link for each
// domain.
std::set<std::string> autostarted(const Root& root) {
    const auto links = base::list_folder(root.autostart_folder());
    return {links.begin(), links.end()};
}

}  // namespace

std::vector<DomainSummary> list_domains(const Root& root, const ListFilter& filter) {
    std::vector<Row> rows;
    const Definitions definitions(root);
    const auto active = active_domains(root);
    for (const ActiveDomain& domain : active)
        rows.push_back({{.name = domain.name, .id = domain.id}, definitions.exists(domain.name)});
    if (filter.inactive) {
        // active_domains() returns the domains sorted by name.
        const auto runs = [&active](const std::string& name) {
            const auto at =
                std::lower_bound(active.begin(), active.end(), name,
                                 [](const ActiveDomain& domain, const std::string& key) {
                                     return domain.name < key;
                                 });
            return at != active.end() && at->name == name;
        };
        std::vector<std::string> defined = definitions.names();
        // Only what has a run folder can be something else than shut off: a crash has left it.
        for (std::string& name : base::list_folder(root.domains())) {
            if (runs(name) || !base::exists(root.live(name))) continue;
            const bool is_defined = definitions.exists(name);
            DomainSummary summary{.name = std::move(name)};
            summary.state = state_of(root, summary);
            if (summary.state == DomainState::shutoff) continue;
            if (is_defined) std::erase(defined, summary.name);
            rows.push_back({std::move(summary), is_defined});
        }
        for (std::string& name : defined)
            if (!runs(name)) rows.push_back({{.name = std::move(name)}, true});
    }
    if (filter.autostart || filter.no_autostart) {
        const auto links = autostarted(root);
        for (Row& row : rows) row.starts = row.defined && links.contains(row.summary.name + ".xml");
    }
    std::vector<DomainSummary> list;
    for (Row& row : rows) {
        DomainSummary& summary = row.summary;
        // Only a running domain has a file with its state, so none is looked for otherwise.
        if (summary.id >= 0) summary.state = state_of(root, summary);
        if (row.defined) add_problem(summary, definitions.problem(summary.name));
        if (!passes(row, filter)) continue;
        if (filter.uuids || filter.titles) add_texts(root, filter, summary);
        list.push_back(std::move(summary));
    }
    std::sort(list.begin(), list.end(), [](const DomainSummary& a, const DomainSummary& b) {
        return std::tuple(a.id < 0, a.id, std::string_view(a.name)) <
               std::tuple(b.id < 0, b.id, std::string_view(b.name));
    });
    return list;
}

}  // namespace lxvirt::driver
