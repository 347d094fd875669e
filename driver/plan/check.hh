// Checks what can be checked before anything is made, so that a missing root, init, bridge or
// source is an error that names it.
#pragma once

#include <string>
#include <vector>

#include "driver/plan/compile.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Throws SystemError or Error that names the first thing which is missing.
void check_startable(const xml::Domain& domain);

// Returns a notice for each path of the host that was shown through the id map by older versions
// and now keeps the host's ids, unless the definition says which are meant.
[[nodiscard]] std::vector<std::string> notices_of_ids(const xml::Domain& domain,
                                                      const HostFacts& host);

// Returns a notice for each <filesystem> whose source is a device node: it is mounted, but the device
// rules allow only devices that the definition names as such.
[[nodiscard]] std::vector<std::string> notices_of_sources(const xml::Domain& domain);

// Returns a notice if other users of the host can walk into a root folder that is shown through an
// id map: a set-user-ID program that root inside makes there is the host's root's on the host.
[[nodiscard]] std::vector<std::string> notices_of_root(const xml::Domain& domain,
                                                       const HostFacts& host);

// Returns the ids that this process may give to a container (xml::ParseOptions::host_ids): all ids,
// unless it is in a user namespace itself.
[[nodiscard]] xml::IdMap host_ids();

}  // namespace lxvirt::driver
