// The text of an event: virsh's line, and behind it what lxvirt knows in addition.
#pragma once

#include <string>
#include <string_view>

#include "driver/types.hh"

namespace lxvirt::shell {

// Says which parts beside virsh's plain line are printed.
struct EventFormat {
    bool timestamp = false;  // --timestamp
    bool with_note = true;   // "(exit status 3)", which virsh does not print
};

// Returns one line with its newline: "event 'lifecycle' for domain 'web': Started Booted\n".
[[nodiscard]] std::string event_line(const driver::Event& event, const EventFormat& format);

}  // namespace lxvirt::shell
