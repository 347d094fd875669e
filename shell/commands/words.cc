#include "shell/commands/words.hh"

#include <fmt/format.h>

#include "driver/names.hh"
#include "terminal/width.hh"

namespace lxvirt::shell {

using driver::DomainState;

std::string state_and_reason(const driver::DomainStatus& status, bool with_detail) {
    const std::string_view state = driver::state_name(status.state);
    const std::string_view why = driver::reason_name(status.state, status.reason);
    // The driver keeps a detail for other reasons, too; only an end by itself is worth a line.
    const bool ended_itself = status.state == DomainState::shutoff &&
                              (status.reason == driver::reason::shutoff_crashed ||
                               status.reason == driver::reason::shutoff_shutdown ||
                               status.reason == driver::reason::shutoff_failed);
    // The helper is gone, and the detail names the processes that it left.
    const bool has_left =
        status.state == DomainState::shutdown && status.reason == driver::reason::unknown;
    if (!with_detail || (!ended_itself && !has_left) || status.detail.empty())
        return fmt::format("{} ({})", state, why);
    return fmt::format("{} ({}: {})", state, why, terminal::printable(status.detail).text);
}

}  // namespace lxvirt::shell
