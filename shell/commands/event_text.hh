// How an event is printed: virsh's lines, with what lxvirt knows beyond them at the end.
#pragma once

#include <string>
#include <string_view>

#include "driver/types.hh"

namespace lxvirt::shell {

struct EventFormat {
    bool timestamp = false;
    bool with_note = true;  // "(exit status 3)", which virsh does not have
};

// One line with its newline: "event 'lifecycle' for domain 'web': Started Booted\n".
[[nodiscard]] std::string event_line(const driver::Event& event, const EventFormat& format);

}  // namespace lxvirt::shell
