// event: waits for what happens to domains, whoever makes it happen.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "shell/event_text.hh"
#include "shell/failure.hh"
#include "shell/interrupt.hh"
#include "shell/lookup.hh"
#include "shell/registry.hh"
#include "shell/session.hh"

namespace lxvirt::shell {

namespace {

// virDomainEventID, in libvirt's order. Containers give lifecycle, reboot and metadata-change; the
// rest can be waited for in vain, as in virsh.
constexpr std::string_view kKinds[] = {
    "lifecycle",
    "reboot",
    "rtc-change",
    "watchdog",
    "io-error",
    "graphics",
    "io-error-reason",
    "control-error",
    "block-job",
    "disk-change",
    "tray-change",
    "pm-wakeup",
    "pm-suspend",
    "balloon-change",
    "pm-suspend-disk",
    "device-removed",
    "block-job-2",
    "tunable",
    "agent-lifecycle",
    "device-added",
    "migration-iteration",
    "job-completed",
    "device-removal-failed",
    "metadata-change",
    "block-threshold",
    "memory-failure",
    "memory-device-size-change",
};

std::vector<std::string> complete_kinds(Session&) {
    return {std::begin(kKinds), std::end(kKinds)};
}

constexpr Option kOptions[] = {
    {"domain", OptionType::string, "only of this domain, by its name, id or UUID",
     complete_domains},
    {"event", OptionType::string, "the kind of event to wait for", complete_kinds},
    {"all", OptionType::boolean, "every kind"},
    {"loop", OptionType::boolean, "go on after the first, until the time is over or Ctrl-C"},
    {"timeout", OptionType::integer, "seconds to wait at most"},
    {"list", OptionType::boolean, "list the kinds"},
    {"timestamp", OptionType::boolean, "begin each line with the time"},
};

struct Wanted {
    std::string kind;    // empty: all
    std::string domain;  // UUID; empty: all
    [[nodiscard]] bool matches(const driver::Event& event) const {
        return (kind.empty() || event.kind == kind) && (domain.empty() || event.uuid == domain);
    }
};

enum class LoopEnd { enough, timed_out, interrupted };

struct Watch {
    Wanted wanted;
    EventFormat format;
    bool loop = false;
    std::int64_t seconds = 0;  // 0: for ever
};

// Prints what comes; `count` is what was printed.
LoopEnd watch_events(Session& session, driver::EventStream& stream, const Watch& watch,
                     unsigned& count) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(watch.seconds);
    const InterruptGuard interrupt;
    for (;;) {
        while (const std::optional<driver::Event> event = stream.next()) {
            if (!watch.wanted.matches(*event)) continue;
            session.print(event_line(*event, watch.format));
            (void)std::fflush(stdout);
            ++count;
            if (!watch.loop) return LoopEnd::enough;
        }
        if (interrupt.interrupted()) return LoopEnd::interrupted;
        auto slice = std::chrono::milliseconds(kWaitSlice);
        if (watch.seconds > 0) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return LoopEnd::timed_out;
            slice = std::min(slice, left);
        }
        pollfd slot{stream.fd().get(), POLLIN, 0};
        if (poll(&slot, 1, static_cast<int>(slice.count())) < 0 && errno != EINTR) {
            base::fail_errno("wait for events");
        }
    }
}

bool list_kinds(Session& session) {
    for (const std::string_view kind : kKinds) session.print_format("{}\n", kind);
    return true;
}

bool event(Session& session, const Invocation& invocation) {
    invocation.exclusive("list", "all");
    invocation.exclusive("list", "event");
    invocation.exclusive("all", "event");
    if (invocation.has("list")) return list_kinds(session);
    if (!invocation.has("all") && !invocation.has("event")) {
        give_up("one of --list, --all, or --event <type> is required");
    }
    Watch watch;
    watch.wanted.kind = invocation.text("event");
    if (invocation.has("event") &&
        std::find(std::begin(kKinds), std::end(kKinds), watch.wanted.kind) == std::end(kKinds)) {
        give_up("unknown event type {}", watch.wanted.kind);
    }
    watch.seconds = invocation.number("timeout", 0, 1);
    if (invocation.has("domain")) watch.wanted.domain = find_domain(session, invocation).uuid;
    watch.loop = invocation.has("loop");
    watch.format = {.timestamp = invocation.has("timestamp"),
                    .with_note = !session.options().as_virsh()};
    const std::unique_ptr<driver::EventStream> stream = session.connection().events();
    unsigned count = 0;
    switch (watch_events(session, *stream, watch, count)) {
        case LoopEnd::interrupted: session.print("event loop interrupted\n"); break;
        case LoopEnd::timed_out: session.print("event loop timed out\n"); break;
        case LoopEnd::enough: break;
    }
    session.print_format("events received: {}\n", count);
    return count > 0;
}

constexpr Command kCommands[] = {
    {"event", "wait for what happens to domains",
     "Print events as they come: starts, stops, definitions and others,\n"
     "made by this shell or by anything else on the host.",
     kOptions, event},
};

}  // namespace

std::span<const Command> event_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
