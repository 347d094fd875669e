// Waiting for events and printing them, for `event` and `net-event`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shell/commands/event_text.hh"

namespace lxvirt::shell {

class Session;

// Which events are printed: of domains, or of networks.
struct WantedEvents {
    bool networks = false;
    std::optional<driver::DomainEventKind> domain_kind;    // nullopt: all kinds
    std::optional<driver::NetworkEventKind> network_kind;  // likewise
    std::string uuid;                                      // of one object; empty: of every one
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
