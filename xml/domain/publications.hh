// Ports of the host that lead to a container: <lx:publish> in <lx:interface>.
#pragma once

#include <string>
#include <vector>

#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Returns what the domain publishes at the interface, by its position.
[[nodiscard]] std::vector<ContainerPublication> publications_of(const Domain& domain,
                                                                const Interface& interface);

// Returns "tcp port 8080 of 192.0.2.1", or "tcp port 8080" for all addresses of the host.
[[nodiscard]] std::string publication_text(const ContainerPublication& publication);

}  // namespace lxvirt::xml
