// Decides which domains start with the host, and in which order: lxc-autostart(1)'s rules, with
// <lx:autostart> for lxc.start.order and lxc.start.delay, and <lx:group> for lxc.group. The
// functions are pure; the command start-autostarted finds the candidates and starts them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// The facts of one domain that the rules look at.
struct AutostartCandidate {
    std::string name;
    bool autostart = false;  // the domain is marked to start with the host
    int order = 0;           // <lx:autostart order>
    unsigned delay = 0;      // <lx:autostart delay>: seconds to wait after its start
    std::vector<std::string> groups;
};
// Returns the facts of `domain`; `autostart` tells whether it is marked, which the document does
// not say.
[[nodiscard]] AutostartCandidate autostart_candidate(const xml::Domain& domain, bool autostart);

// The options of lxc-autostart that select domains.
struct AutostartSelection {
    // The groups to start, one after the other. The empty name stands for the domains without a
    // group. At the host's boot the group "onboot" goes first, as in lxc.
    std::vector<std::string> groups{"onboot", ""};
    bool all_groups = false;  // take the domains of all groups, as one group
    bool unmarked = false;    // take also domains that are not marked
};
// Returns the groups of an option's text, which commas separate: "a,,b" are three, the second
// empty.
[[nodiscard]] std::vector<std::string> autostart_groups(std::string_view text);

// Returns the chosen domains, each once: in the order of the selected groups, within a group by
// order, lowest first, then by name.
[[nodiscard]] std::vector<AutostartCandidate> choose_autostart(
    const std::vector<AutostartCandidate>& candidates, const AutostartSelection& selection);

}  // namespace lxvirt::driver
