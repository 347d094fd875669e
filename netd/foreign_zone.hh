// The zones of firewalld, which has a table of its own: a bridge that is in no zone of the
// administrator's choice gets the default one, which refuses what containers need. A program of its
// own, lxc_zone, speaks to firewalld.
#pragma once

#include <string>

#include "netd/plan.hh"

namespace lxvirt::netd {

enum class ZoneState {
    no_firewalld,  // it has no table here
    present,       // a rule of it names the bridge
    missing,
};

// Looks at firewalld's rules. Throws SystemError.
[[nodiscard]] ZoneState zone_state(const std::string& bridge);
// Puts the bridge into the plan's zone. Waits for firewalld, 10 s at most. Throws
// Error(operation_failed) with firewalld's words.
void put_into_zone(const ZonePlan& plan, const std::string& bridge);
// Takes the bridge out of it; one that is in another zone stays there. Throws as above.
void take_out_of_zone(const ZonePlan& plan, const std::string& bridge);

}  // namespace lxvirt::netd
