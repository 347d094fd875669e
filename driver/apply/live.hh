// Applies to a running domain the part of a change of its definition that can be applied while it
// runs. Each step first compares what is wanted with what runs, so that doing it twice, or again
// after a kill in the middle, does it once. Devices that somebody has attached by hand stay, as
// neither definition has them.
#pragma once

#include <string>
#include <vector>

#include "driver/connection.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Changes the running `domain` from the definition `before` to `after`. Returns lines for the user
// about what was done and what has to wait: "live: disk vdb attached", "at next start: memory". A
// device that cannot be changed while the domain runs is such a line, not an error. Throws if the
// running domain cannot be read.
[[nodiscard]] std::vector<std::string> change_live(Connection& connection, const DomainRef& domain,
                                                   const xml::Domain& before,
                                                   const xml::Domain& after);

}  // namespace lxvirt::driver
