// Which domains start with the host, and in which order: lxc-autostart's rules on <lx:autostart>
// and <lx:group>. Pure: start-autostarted finds the candidates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/domain.hh"

namespace lxvirt::driver {

struct AutostartCandidate {
    std::string name;
    bool autostart = false;  // is marked
    int order = 0;           // <lx:autostart order>
    unsigned delay = 0;      // <lx:autostart delay>, seconds after its start
    std::vector<std::string> groups;
};
[[nodiscard]] AutostartCandidate autostart_candidate(const xml::Domain& domain, bool autostart);

struct AutostartSelection {
    // One after the other; the empty name is that of the domains without a group. At the host's
    // boot "onboot" goes first.
    std::vector<std::string> groups{"onboot", ""};
    bool all_groups = false;  // in one
    bool unmarked = false;    // those that are not marked, too
};
// "a,,b": groups with commas between.
[[nodiscard]] std::vector<std::string> autostart_groups(std::string_view text);

// Each once: by group as selected, in a group by order, lowest first, then by name.
[[nodiscard]] std::vector<AutostartCandidate> choose_autostart(
    const std::vector<AutostartCandidate>& candidates, const AutostartSelection& selection);

}  // namespace lxvirt::driver
