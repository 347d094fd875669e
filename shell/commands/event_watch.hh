// Waiting for events and printing them, for `event` and `net-event`.
#pragma once

#include <cstdint>
#include <string>

#include "shell/commands/event_text.hh"

namespace lxvirt::shell {

class Session;

struct WantedEvents {
    std::string kind;       // empty: all
    std::string uuid;       // empty: of everything
    bool networks = false;  // of networks, not of domains
    [[nodiscard]] bool matches(const driver::Event& event) const;
};

struct EventWatch {
    WantedEvents wanted;
    EventFormat format;
    bool loop = false;
    std::int64_t seconds = 0;  // 0: for ever
};

// Until the first event, or for as long as `watch` says; prints how it ended and how many there
// were. False where there was none.
bool watch_events(Session& session, const EventWatch& watch);

}  // namespace lxvirt::shell
