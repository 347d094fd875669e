// Making of a change of a definition what can be made while the domain or network runs. What the
// definition and the running one have in common is compared first, so that doing it twice, or again
// after a kill in the middle, does it once; what somebody plugged in by hand stays.
#pragma once

#include <string>
#include <vector>

#include "driver/api/connection.hh"
#include "xml/domain/domain.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// From the definition `before` to `after`. They return what was done and what has to wait, for the
// user: "live: disk vdb attached", "at next start: memory". They throw nothing for what has to
// wait.
[[nodiscard]] std::vector<std::string> change_live(Connection& connection, const DomainRef& domain,
                                                   const xml::Domain& before,
                                                   const xml::Domain& after);
[[nodiscard]] std::vector<std::string> change_live(Connection& connection,
                                                   const xml::Network& before,
                                                   const xml::Network& after);

}  // namespace lxvirt::driver
