// Reads from a running domain's control groups how much memory and CPU time the domain uses.
#pragma once

#include "driver/store/live.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Fills in `memory` (KiB) and `cpu_time` (ns) of the running domain that `live` describes. Leaves
// each as it is where the host has no controller that accounts it.
void add_usage(const LiveHead& live, DomainInfo& info);

}  // namespace lxvirt::driver
