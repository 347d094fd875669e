// The list of domains: names from the folders, what runs from the locks. No definition is parsed,
// and none is read but its last bytes, unless uuids or titles are asked for: a thousand take
// milliseconds.
#pragma once

#include <vector>

#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Active ones first, by id, then the others by name. One that cannot be read is in the list, with
// its `problem`; nothing throws for the sake of one domain.
[[nodiscard]] std::vector<DomainSummary> list_domains(const Root& root, const ListFilter& filter);

}  // namespace lxvirt::driver
