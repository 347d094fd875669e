#include "shell/commands/event_text.hh"

#include <ctime>

#include <fmt/format.h>

#include "driver/names.hh"

namespace lxvirt::shell {

namespace {

// Returns the time in UTC, as virsh prints it: "2026-11-22 03:45:02.069+0000".
std::string time_text(const driver::Event& event) {
    const std::time_t seconds = event.seconds;
    std::tm utc{};
    (void)gmtime_r(&seconds, &utc);
    char text[32];
    (void)std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
    return fmt::format("{}.{:03}+0000", text, event.milliseconds);
}

// Returns what follows a domain's name in virsh's line. "<null>" is how virsh prints the absent URI
// of a changed title or description.
std::string detail_text(const driver::DomainEvent& event) {
    using Kind = driver::DomainEventKind;
    if (event.kind == Kind::lifecycle)
        return fmt::format(": {} {}", name_of(event.lifecycle),
                           detail_name(event.lifecycle, event.detail));
    if (event.kind == Kind::metadata_change)
        return fmt::format(": type {}, uri {}", name_of(event.metadata),
                           event.text.empty() ? "<null>" : event.text);
    return event.text.empty() ? std::string() : ": " + event.text;
}

std::string text_of(const driver::DomainEvent& event) {
    return fmt::format("event '{}' for domain '{}'{}", name_of(event.kind), event.domain.name,
                       detail_text(event));
}

// Returns a network's event. virsh puts quotes around the names of domains, and none around those
// of networks.
std::string text_of(const driver::NetworkEvent& event) {
    const bool lifecycle = event.kind == driver::NetworkEventKind::lifecycle;
    return fmt::format("event '{}' for network {}: {}", name_of(event.kind), event.network.name,
                       lifecycle ? name_of(event.lifecycle) : std::string_view(event.text));
}

}  // namespace

std::string event_line(const driver::Event& event, const EventFormat& format) {
    std::string line;
    if (format.timestamp) line = time_text(event) + ": ";
    line += std::visit([](const auto& what) { return text_of(what); }, event.what);
    if (format.with_note && !event.note.empty()) line += fmt::format(" ({})", event.note);
    return line + '\n';
}

}  // namespace lxvirt::shell
