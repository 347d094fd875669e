#include "shell/commands/event_text.hh"

#include <ctime>

#include <fmt/format.h>

namespace lxvirt::shell {

namespace {

// UTC, as virsh prints it: "2026-11-22 03:45:02.069+0000".
std::string time_text(const driver::Event& event) {
    const std::time_t seconds = event.seconds;
    std::tm utc{};
    (void)gmtime_r(&seconds, &utc);
    char text[32];
    (void)std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
    return fmt::format("{}.{:03}+0000", text, event.milliseconds);
}

std::string detail_text(const driver::Event& event) {
    if (event.kind == "metadata-change") {
        return fmt::format(": type {}, uri {}", event.event,
                           event.detail.empty() ? "<null>" : event.detail);
    }
    if (event.event.empty()) return {};
    if (event.detail.empty()) return ": " + event.event;
    return fmt::format(": {} {}", event.event, event.detail);
}

}  // namespace

std::string event_line(const driver::Event& event, const EventFormat& format) {
    std::string line;
    if (format.timestamp) line = time_text(event) + ": ";
    // virsh puts quotes around the names of domains only.
    const std::string_view kind = event.kind;
    if (kind.starts_with(kNetworkEvents))
        line += fmt::format("event '{}' for network {}{}", kind.substr(kNetworkEvents.size()),
                            event.domain, detail_text(event));
    else
        line += fmt::format("event '{}' for domain '{}'{}", kind, event.domain, detail_text(event));
    if (format.with_note && !event.note.empty()) line += fmt::format(" ({})", event.note);
    return line + '\n';
}

}  // namespace lxvirt::shell
