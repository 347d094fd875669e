// What can be checked before anything is made: a missing root, init, bridge or source is an error
// that names it.
#pragma once

#include "xml/domain.hh"

namespace lxvirt::driver {

// Throws SystemError or Error naming the first thing that is missing.
void check_startable(const xml::Domain& domain);

}  // namespace lxvirt::driver
