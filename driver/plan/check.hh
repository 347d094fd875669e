// Checks what can be checked before anything is made, so that a missing root, init, bridge or
// source is an error that names it.
#pragma once

#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Throws SystemError or Error that names the first thing which is missing.
void check_startable(const xml::Domain& domain);

// Returns the ids that this process may give to a container (xml::ParseOptions::host_ids): all ids,
// unless it is in a user namespace itself.
[[nodiscard]] xml::IdMap host_ids();

}  // namespace lxvirt::driver
