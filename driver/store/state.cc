#include "driver/store/state.hh"

#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
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

DomainStatus ended_state(const Root& root, std::string_view name) {
    const auto ended = helper::read_status(root.ended(name));
    if (!ended) return {DomainState::shutoff, reason::unknown, {}};
    return {DomainState::shutoff, reason_number(DomainState::shutoff, ended->reason), ended->exit};
}

// What live.xml says; nothing where there is none of this boot.
std::optional<LivePhase> live_phase(const Root& root, std::string_view name) {
    const auto text = base::try_read_file(root.live(name));
    if (!text) return std::nullopt;
    const LiveHead head = parse_live_head(*text, root.live(name));
    return head.current() ? std::optional(head.phase) : std::nullopt;
}

DomainStatus active_state(const Root& root, std::string_view name) {
    auto status = helper::read_status(root.status(name));
    if (!status && live_phase(root, name) != LivePhase::starting) {
        // The last thing that a supervisor lets go of is the lock; or it has just started.
        status = helper::read_status(root.status(name));
        if (!status) return ended_state(root, name);
    }
    if (!status || status->state == "starting")
        return {DomainState::paused, reason::paused_starting_up, {}};
    for (const StateWord& entry : kHelperStates)
        if (entry.word == status->state)
            return {entry.state, reason_number(entry.state, status->reason), status->exit};
    // "stopped", and the lock not yet let go.
    return {DomainState::shutdown, reason::shutdown_user, status->exit};
}

// Without the lock, a live.xml of this boot was left by a supervisor that was killed. One that is
// `starting` belongs to a start that is under way or was cut short: off so far.
std::optional<DomainStatus> crashed_state(const Root& root, std::string_view name) {
    const auto phase = live_phase(root, name);
    if (!phase || phase == LivePhase::starting) return std::nullopt;
    return DomainStatus{DomainState::shutoff, reason::shutoff_crashed, "its lxc_helper was killed"};
}

}  // namespace

DomainStatus read_state(const Root& root, std::string_view name, int id) {
    if (id >= 0) return active_state(root, name);
    if (auto crashed = crashed_state(root, name)) return *crashed;
    return ended_state(root, name);
}

DomainStatus read_state(const Root& root, std::string_view name) {
    return read_state(root, name, root.running(name).value_or(-1));
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
