// Lists domains: the names come from the folders of definitions and of running domains, and the
// locks tell what runs. Nothing is parsed, and only the last bytes of a definition are read, unless
// the caller asks for uuids or titles: listing a thousand domains takes milliseconds.
#pragma once

#include <vector>

#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Returns the domains that pass `filter`: active ones first, by id, then the others by name. A
// domain whose definition cannot be read is in the list with its `problem` set; no error of a
// single domain is thrown. Throws SystemError if a folder cannot be read.
[[nodiscard]] std::vector<DomainSummary> list_domains(const Root& root, const ListFilter& filter);

}  // namespace lxvirt::driver
