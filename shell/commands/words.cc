#include "shell/commands/words.hh"

#include <span>

#include <fmt/format.h>

namespace lxvirt::shell {

namespace {

using driver::DomainState;

// Indexed by libvirt's numbers: virDomainState, and virDomain*Reason of each.
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

struct Words {
    std::string_view state;
    std::span<const std::string_view> reasons;
};

constexpr Words kStates[] = {
    {"no state", kUnknown}, {"running", kRunning},      {"idle", kUnknown},
    {"paused", kPaused},    {"in shutdown", kShutdown}, {"shut off", kShutoff},
    {"crashed", kCrashed},  {"pmsuspended", kUnknown},
};

const Words& words_of(DomainState state) {
    const auto index = static_cast<std::size_t>(state);
    return kStates[index < std::size(kStates) ? index : 0];
}

}  // namespace

std::string_view state_word(DomainState state) {
    return words_of(state).state;
}

std::string_view reason_word(DomainState state, int reason) {
    const std::span<const std::string_view> reasons = words_of(state).reasons;
    const auto index = static_cast<std::size_t>(reason);
    return reasons[index < reasons.size() ? index : 0];
}

std::string state_and_reason(const driver::DomainStatus& status, bool with_detail) {
    const std::string_view state = state_word(status.state);
    const std::string_view why = reason_word(status.state, status.reason);
    const bool ended_itself = status.state == DomainState::shutoff &&
                              (status.reason == driver::reason::shutoff_crashed ||
                               status.reason == driver::reason::shutoff_shutdown ||
                               status.reason == driver::reason::shutoff_failed);
    if (!with_detail || !ended_itself || status.detail.empty())
        return fmt::format("{} ({})", state, why);
    return fmt::format("{} ({}: {})", state, why, status.detail);
}

}  // namespace lxvirt::shell
