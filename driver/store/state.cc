#include "driver/store/state.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/names.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "helper/exchange/status.hh"

namespace lxvirt::driver {

namespace {

struct StateWord {
    std::string_view word;
    DomainState state;
};

// The helper's words for its own states (helper/exchange/status.hh).
constexpr std::array<StateWord, 4> kHelperStates = {{
    {"starting", DomainState::paused},
    {"running", DomainState::running},
    {"paused", DomainState::paused},
    {"stopping", DomainState::shutdown},
}};

// Returns shutoff with the reason that record_end() wrote, if there is one of this boot.
DomainStatus ended_state(const Root& root, std::string_view name) {
    const auto ended = helper::read_status(root.ended(name));
    if (!ended) return {DomainState::shutoff, reason::unknown, {}};
    return {DomainState::shutoff, reason_number(DomainState::shutoff, ended->reason), ended->exit};
}

// Returns the phase in live.xml; nullopt if there is no live.xml of this boot.
std::optional<LivePhase> live_phase(const Root& root, std::string_view name) {
    const auto text = base::try_read_state(root.live(name));
    if (!text) return std::nullopt;
    const LiveHead head = parse_live_head(*text, root.live(name));
    return head.current() ? std::optional(head.phase) : std::nullopt;
}

// Returns the state of a domain whose alive lock is held. The supervisor takes the lock before it
// writes its first status and lets go of the lock after it removed the last, so both gaps are
// looked at.
DomainStatus active_state(const Root& root, std::string_view name) {
    auto status = helper::read_status(root.status(name));
    if (!status && live_phase(root, name) != LivePhase::starting) {
        // A supervisor lets go of the lock as its last act, or it has just started: the second look
        // decides.
        status = helper::read_status(root.status(name));
        if (!status) return ended_state(root, name);
    }
    if (!status || status->state == "starting")
        return {DomainState::paused, reason::paused_starting_up, {}};
    for (const StateWord& entry : kHelperStates)
        if (entry.word == status->state)
            return {entry.state, reason_number(entry.state, status->reason), status->exit};
    // The helper has written "stopped" and not yet let go of the lock.
    return {DomainState::shutdown, reason::shutdown_user, status->exit};
}

// Returns "process 4711 (sleep), process 4712 (sh)", for at most eight processes.
std::string text_of(const std::vector<pid_t>& processes) {
    constexpr std::size_t most = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(processes.size(), most); ++i) {
        const auto name = base::try_read_file(fmt::format("/proc/{}/comm", processes[i]));
        text += fmt::format("{}process {} ({})", i == 0 ? "" : ", ", processes[i],
                            name ? base::trim(*name) : "gone");
    }
    if (processes.size() > most) text += fmt::format(" and {} more", processes.size() - most);
    return text;
}

// Returns the state of a domain whose helper is gone while a live.xml of this boot is left. A
// live.xml that is `starting` belongs to a start that is under way or was cut short, so the domain
// is just off, unless processes are left. A helper that ended by itself has recorded how.
std::optional<DomainStatus> left_state(const Root& root, std::string_view name) {
    const auto phase = live_phase(root, name);
    if (!phase) return std::nullopt;
    if (const auto left = processes_left(root, name); !left.empty() && !root.running(name))
        return DomainStatus{DomainState::shutdown, reason::unknown,
                            "its lxc_helper is gone, left is " + text_of(left)};
    if (*phase == LivePhase::starting || helper_recorded_end(root, name)) return std::nullopt;
    return DomainStatus{DomainState::shutoff, reason::shutoff_crashed, "its lxc_helper was killed"};
}

}  // namespace

DomainStatus read_state(const Root& root, std::string_view name, int id) {
    if (id >= 0) return active_state(root, name);
    if (auto left = left_state(root, name)) return *left;
    return ended_state(root, name);
}

DomainStatus read_state(const Root& root, std::string_view name) {
    return read_state(root, name, root.running(name).value_or(-1));
}

bool helper_recorded_end(const Root& root, std::string_view name) {
    const auto status = helper::read_status(root.status(name));
    return status && status->state == "stopped";
}

void record_end(const Root& root, std::string_view name, std::string_view reason,
                std::string_view exit) noexcept {
    try {
        helper::write_end(root.ended(name), reason, exit);
    } catch (const std::exception& error) {
        log_line(root, name, error.what());
    }
}

}  // namespace lxvirt::driver
