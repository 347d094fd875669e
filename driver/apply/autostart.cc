#include "driver/apply/autostart.hh"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text/text.hh"

namespace lxvirt::driver {

namespace {

// Returns whether the domain is in `group`; a domain without groups is in the group "".
bool is_in(const AutostartCandidate& candidate, const std::string& group) {
    const auto& groups = candidate.groups;
    if (group.empty()) return groups.empty();
    return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

AutostartCandidate autostart_candidate(const xml::Domain& domain, bool autostart) {
    const xml::Container& container = domain.container;
    return {.name = domain.name,
            .autostart = autostart,
            .order = container.start_order.value_or(0),
            .delay = container.start_delay.value_or(0),
            .groups = container.start_groups};
}

std::vector<std::string> autostart_groups(std::string_view text) {
    std::vector<std::string> groups;
    for (const std::string_view name : base::split(text, ','))
        groups.emplace_back(base::trim(name));
    return groups;
}

std::vector<AutostartCandidate> choose_autostart(const std::vector<AutostartCandidate>& candidates,
                                                 const AutostartSelection& selection) {
    std::vector<AutostartCandidate> sorted = candidates;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return std::tie(a.order, a.name) < std::tie(b.order, b.name);
    });
    const std::vector<std::string> groups =
        selection.all_groups ? std::vector<std::string>{""} : selection.groups;
    std::vector<AutostartCandidate> chosen;
    std::set<std::string_view> taken;
    for (const std::string& group : groups)
        for (const AutostartCandidate& candidate : sorted) {
            if (!candidate.autostart && !selection.unmarked) continue;
            if (!selection.all_groups && !is_in(candidate, group)) continue;
            if (taken.insert(candidate.name).second) chosen.push_back(candidate);
        }
    return chosen;
}

}  // namespace lxvirt::driver
