// What state a domain is in, from the lock, live.xml, the helper's status and the record of its
// last end. Only reads: what a crash left is reported here and cleaned by the next operation.
#pragma once

#include <string>
#include <string_view>

#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

[[nodiscard]] DomainStatus read_state(const Root& root, std::string_view name);

// For who knows already whether it runs: `id` is the holder of its lock, -1 where there is none.
[[nodiscard]] DomainStatus read_state(const Root& root, std::string_view name, int id);

// Writes how a run ended, for `domstate --reason` of the domain that is off: `reason` is
// "shutdown", "destroyed", "crashed" or "failed", `exit` what is known of init ("exit status 3").
// Never throws: it must not keep anyone from stopping a domain.
void record_end(const Root& root, std::string_view name, std::string_view reason,
                std::string_view exit) noexcept;

}  // namespace lxvirt::driver
