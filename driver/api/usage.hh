// What a running domain uses, read from its control groups.
#pragma once

#include "driver/store/live.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Fills in `memory` and `cpu_time` of a running domain; leaves them where the host does not
// account.
void add_usage(const LiveHead& live, DomainInfo& info);

}  // namespace lxvirt::driver
