// Applies to a running domain the part of a change of its definition that can be applied while it runs.
// What the definition and the running domain have in common is compared first, so that doing it twice,
// or again after a kill in the middle, does it once; what somebody has attached by hand stays.
#pragma once

#include <string>
#include <vector>

#include "driver/connection.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Changes the running `domain` from the definition `before` to `after`. Returns what was done and what has
// to wait, for the user: "live: disk vdb attached", "at next start: memory". Throws nothing for what has
// to wait.
[[nodiscard]] std::vector<std::string> change_live(Connection& connection, const DomainRef& domain,
                                                   const xml::Domain& before,
                                                   const xml::Domain& after);

}  // namespace lxvirt::driver
