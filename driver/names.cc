#include "driver/names.hh"

#include <algorithm>
#include <array>

namespace lxvirt::driver {

namespace {

using Words = std::span<const std::string_view>;

// Each list is indexed by libvirt's numbers.
constexpr std::string_view kUnknown[] = {"unknown"};
constexpr std::string_view kRunning[] = {
    "unknown",       "booted",   "migrated",           "restored",
    "from snapshot", "unpaused", "migration canceled", "save canceled",
    "event wakeup",  "crashed",  "post-copy",          "post-copy failed"};
constexpr std::string_view kPaused[] = {
    "unknown",   "user",        "migrating",     "saving",           "dumping",
    "I/O error", "watchdog",    "from snapshot", "shutting down",    "creating snapshot",
    "crashed",   "starting up", "post-copy",     "post-copy failed", "api error"};
constexpr std::string_view kShutdown[] = {"unknown", "user"};
constexpr std::string_view kShutoff[] = {"unknown", "shutdown",      "destroyed",
                                         "crashed", "migrated",      "saved",
                                         "failed",  "from snapshot", "daemon"};
constexpr std::string_view kCrashed[] = {"unknown", "panicked"};

// A word, and the words of what can be told of it: a state with its reasons, an event with its
// details.
struct Entry {
    std::string_view word;
    Words more;
};
constexpr Entry kStates[] = {
    {"no state", kUnknown}, {"running", kRunning},      {"idle", kUnknown},
    {"paused", kPaused},    {"in shutdown", kShutdown}, {"shut off", kShutoff},
    {"crashed", kCrashed},  {"pmsuspended", kUnknown},
};

constexpr std::string_view kDomainEvents[] = {
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

constexpr std::string_view kNetworkEvents[] = {"lifecycle"};
constexpr std::string_view kSupervision = "supervision";

constexpr std::string_view kDefined[] = {"Added", "Updated", "Renamed", "Snapshot"};
constexpr std::string_view kUndefined[] = {"Removed", "Renamed"};
constexpr std::string_view kStarted[] = {"Booted", "Migrated", "Restored", "Snapshot",
                                         "Event wakeup"};
constexpr std::string_view kSuspended[] = {"Paused",    "Migrated",  "I/O Error",
                                           "Watchdog",  "Restored",  "Snapshot",
                                           "API error", "Post-copy", "Post-copy Error"};
constexpr std::string_view kResumed[] = {"Unpaused", "Migrated", "Snapshot", "Post-copy",
                                         "Post-copy Error"};
constexpr std::string_view kStopped[] = {"Shutdown", "Destroyed", "Crashed", "Migrated",
                                         "Saved",    "Failed",    "Snapshot"};
constexpr std::string_view kShutdownEvent[] = {"Finished", "Finished after guest request",
                                               "Finished after host request"};
constexpr std::string_view kSleeping[] = {"Memory", "Disk"};
constexpr std::string_view kCrashedEvent[] = {"Panicked", "Crashloaded"};

constexpr Entry kLifecycle[] = {
    {"Defined", kDefined},        {"Undefined", kUndefined},  {"Started", kStarted},
    {"Suspended", kSuspended},    {"Resumed", kResumed},      {"Stopped", kStopped},
    {"Shutdown", kShutdownEvent}, {"PMSuspended", kSleeping}, {"Crashed", kCrashedEvent},
};

constexpr std::string_view kNetworkLifecycle[] = {"Defined", "Undefined", "Started", "Stopped"};
constexpr std::string_view kMetadataTypes[] = {"description", "title", "element"};

std::optional<int> place_of(Words words, std::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) return std::nullopt;
    return static_cast<int>(found - words.begin());
}

std::string_view word_at(Words words, int number) {
    const auto index = static_cast<std::size_t>(number);
    return index < words.size() ? words[index] : std::string_view("unknown");
}

const Entry& entry_of(DomainState state) {
    const auto index = static_cast<std::size_t>(state);
    return kStates[index < std::size(kStates) ? index : 0];
}

const Entry& entry_of(DomainLifecycle event) {
    static constexpr Entry kNone{"unknown", {}};
    const auto index = static_cast<std::size_t>(event);
    return index < std::size(kLifecycle) ? kLifecycle[index] : kNone;
}

template <typename E>
std::optional<E> enumerator(std::optional<int> number) {
    if (!number) return std::nullopt;
    return static_cast<E>(*number);
}

}  // namespace

std::string_view state_name(DomainState state) {
    return entry_of(state).word;
}

std::string_view reason_name(DomainState state, int reason) {
    return word_at(entry_of(state).more, reason);
}

int reason_number(DomainState state, std::string_view word) {
    return place_of(entry_of(state).more, word).value_or(reason::unknown);
}

Words domain_event_names() {
    return kDomainEvents;
}

Words network_event_names() {
    return kNetworkEvents;
}

std::string_view name_of(DomainEventKind kind) {
    return word_at(kDomainEvents, static_cast<int>(kind));
}

std::string_view name_of(NetworkEventKind kind) {
    if (kind == NetworkEventKind::supervision) return kSupervision;
    return word_at(kNetworkEvents, static_cast<int>(kind));
}

std::optional<DomainEventKind> domain_event_kind(std::string_view word) {
    return enumerator<DomainEventKind>(place_of(kDomainEvents, word));
}

std::optional<NetworkEventKind> network_event_kind(std::string_view word) {
    if (word == kSupervision) return NetworkEventKind::supervision;
    return enumerator<NetworkEventKind>(place_of(kNetworkEvents, word));
}

std::string_view name_of(DomainLifecycle event) {
    return entry_of(event).word;
}

std::string_view detail_name(DomainLifecycle event, int detail) {
    return word_at(entry_of(event).more, detail);
}

std::optional<DomainLifecycle> domain_lifecycle(std::string_view word) {
    for (std::size_t i = 0; i < std::size(kLifecycle); ++i)
        if (kLifecycle[i].word == word) return static_cast<DomainLifecycle>(i);
    return std::nullopt;
}

std::optional<int> detail_number(DomainLifecycle event, std::string_view word) {
    return place_of(entry_of(event).more, word);
}

std::string_view name_of(NetworkLifecycle event) {
    return word_at(kNetworkLifecycle, static_cast<int>(event));
}

std::optional<NetworkLifecycle> network_lifecycle(std::string_view word) {
    return enumerator<NetworkLifecycle>(place_of(kNetworkLifecycle, word));
}

std::string_view name_of(MetadataType type) {
    return word_at(kMetadataTypes, static_cast<int>(type));
}

std::optional<MetadataType> metadata_type(std::string_view word) {
    return enumerator<MetadataType>(place_of(kMetadataTypes, word));
}

std::string_view name_of(ObjectKind kind) {
    return kind == ObjectKind::domain ? "domain" : "network";
}

}  // namespace lxvirt::driver
