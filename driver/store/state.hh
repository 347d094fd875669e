// Tells what state a domain is in, from the alive lock, live.xml, the helper's status and the
// record of its last end. These functions only read: what a crash left is reported here and cleaned
// up by the next operation.
#pragma once

#include <string>
#include <string_view>

#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Returns the state with its reason; shutoff for a name that does not exist. A domain whose helper
// is gone while processes of its container are left is `shutdown`, and the detail names them.
[[nodiscard]] DomainStatus read_state(const Root& root, std::string_view name);

// Does the same for a caller who knows whether the domain runs: `id` is the pid that holds the
// alive lock, or -1.
[[nodiscard]] DomainStatus read_state(const Root& root, std::string_view name, int id);

// Says whether a running domain is at its end: its init or its guard has ended or is about to,
// which its helper is still working on.
[[nodiscard]] bool is_ending(const Root& root, std::string_view name);

// Says whether the helper of a domain that is off has recorded the end of its container, and left
// files because it could not remove a process or a control group.
[[nodiscard]] bool helper_recorded_end(const Root& root, std::string_view name);

// Writes how a run ended, for `domstate --reason` of a domain that is off. `reason` is "shutdown",
// "destroyed", "crashed" or "failed"; `exit` is what is known of init ("exit status 3"). Never
// throws, as a failure must not keep anyone from stopping a domain; a log line names it.
void record_end(const Root& root, std::string_view name, std::string_view reason,
                std::string_view exit) noexcept;

}  // namespace lxvirt::driver
