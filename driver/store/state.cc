#include "driver/store/state.hh"

#include <algorithm>
#include <array>
#include <csignal>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/process.hh"
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

// Says whether a process has ended, or is being killed. `start`, if known, tells it from a later
// process of the same pid.
bool is_dying(pid_t pid, std::optional<std::uint64_t> start) {
    constexpr std::uint64_t exiting = 4;  // PF_EXITING, field 9 of proc_pid_stat(5)
    constexpr std::uint64_t killed = 1U << (SIGKILL - 1);
    if (start && base::start_time(pid) != start) return true;
    const auto stat = base::try_read_file(fmt::format("/proc/{}/stat", pid));
    if (!stat) return true;
    // The command, field 2, may itself hold blanks and parentheses.
    const auto words = base::split_words(std::string_view(*stat).substr(stat->rfind(')') + 1));
    if (words.size() < 7 || words[0] == "Z" || words[0] == "X") return true;
    if ((base::parse_number<std::uint64_t>(words[6]).value_or(0) & exiting) != 0) return true;
    for (const char* key : {"SigPnd", "ShdPnd"})
        if (const auto mask = base::status_value(pid, key))
            if ((base::parse_number<std::uint64_t>(*mask, 16).value_or(0) & killed) != 0)
                return true;
    return false;
}

// Says whether the init that a helper has published is gone or going.
bool init_is_dying(const helper::HelperStatus& status) {
    return status.init_pid && is_dying(*status.init_pid, status.init_start);
}

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
    // The helper has yet to notice, or waits for the operation lock.
    if (init_is_dying(*status)) return {DomainState::shutdown, reason::shutdown_user, {}};
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

bool is_ending(const Root& root, std::string_view name) {
    const auto helper = root.running(name);
    if (!helper) return false;
    const auto status = helper::read_status(root.status(name));
    if (status && init_is_dying(*status)) return true;
    // A killed guard takes the init along (helper/guard.hh).
    const auto children =
        base::try_read_file(fmt::format("/proc/{0}/task/{0}/children", *helper)).value_or("");
    for (const std::string_view word : base::split_words(children))
        if (const auto child = base::parse_number<pid_t>(word))
            if (base::try_read_file(fmt::format("/proc/{}/comm", *child)) == "lxc_guard\n" &&
                is_dying(*child, {}))
                return true;
    return false;
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
