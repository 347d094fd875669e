// Waits for events and prints them, for `event` and `net-event`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shell/commands/event_text.hh"

namespace lxvirt::shell {

class Session;

// Selects the events to print: those of domains, or those of networks.
struct WantedEvents {
    bool networks = false;
    std::optional<driver::DomainEventKind> domain_kind;    // nullopt: all kinds
    std::optional<driver::NetworkEventKind> network_kind;  // nullopt: all kinds
    std::string uuid;                                      // one object's; empty: every object
    // Says whether the event is to be printed.
    [[nodiscard]] bool matches(const driver::Event& event) const;
};

// What a command asks for: the events, their form, and how long to wait.
struct EventWatch {
    WantedEvents wanted;
    EventFormat format;
    bool loop = false;         // go on after the first event
    std::int64_t seconds = 0;  // the longest wait; 0: no limit
};

// Prints events until the first one or, with `loop`, until the time is over or Ctrl-C is pressed;
// then prints how it ended and how many events there were, with or without -q, as virsh does.
// Returns false if there were none: virsh fails then. Throws what the driver throws, and
// SystemError.
bool watch_events(Session& session, const EventWatch& watch);

}  // namespace lxvirt::shell
