#include "shell/commands/event_watch.hh"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/error.hh"
#include "shell/core/session.hh"
#include "terminal/interrupt.hh"

namespace lxvirt::shell {

namespace {

// Says why the waiting ended.
enum class LoopEnd { enough, timed_out, interrupted };

// Prints the events that are wanted, and adds how many it printed to `count`. Waits in slices of
// kWaitSlice, because a SIGINT just before poll(2) would not interrupt it.
LoopEnd print_events(Session& session, driver::EventStream& stream, const EventWatch& watch,
                     unsigned& count) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(watch.seconds);
    const terminal::InterruptGuard interrupt;
    for (;;) {
        while (const std::optional<driver::Event> event = stream.next()) {
            if (!watch.wanted.matches(*event)) continue;
            session.print(event_line(*event, watch.format));
            (void)std::fflush(stdout);
            ++count;
            if (!watch.loop) return LoopEnd::enough;
        }
        if (interrupt.interrupted()) return LoopEnd::interrupted;
        auto slice = std::chrono::milliseconds(terminal::kWaitSlice);
        if (watch.seconds > 0) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return LoopEnd::timed_out;
            slice = std::min(slice, left);
        }
        pollfd slot{stream.fd().get(), POLLIN, 0};
        if (poll(&slot, 1, static_cast<int>(slice.count())) < 0 && errno != EINTR)
            base::fail_errno("wait for events");
    }
}

}  // namespace

bool WantedEvents::matches(const driver::Event& event) const {
    const auto fits = [this](const auto& wanted, auto kind, const std::string& of) {
        return (!wanted || kind == *wanted) && (uuid.empty() || of == uuid);
    };
    if (const auto* domain = std::get_if<driver::DomainEvent>(&event.what))
        return !networks && fits(domain_kind, domain->kind, domain->domain.uuid);
    const auto& network = std::get<driver::NetworkEvent>(event.what);
    return networks && fits(network_kind, network.kind, network.network.uuid);
}

bool watch_events(Session& session, const EventWatch& watch) {
    const std::unique_ptr<driver::EventStream> stream = session.connection().events();
    unsigned count = 0;
    switch (print_events(session, *stream, watch, count)) {
        case LoopEnd::interrupted: session.print("event loop interrupted\n"); break;
        case LoopEnd::timed_out: session.print("event loop timed out\n"); break;
        case LoopEnd::enough: break;
    }
    session.print_format("events received: {}\n", count);
    return count > 0;
}

}  // namespace lxvirt::shell
