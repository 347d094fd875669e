#include "base/system_call.hh"

#include <algorithm>
#include <array>

namespace lxvirt::base {

namespace {

struct Known {
    std::string_view call, since;
};

// Holds the first version of Linux with each call, from the "HISTORY" section of its manual page.
constexpr std::array kKnown = {
    Known{"clone3", "5.3"},
    Known{"close_range", "5.9"},
    Known{"fsconfig", "5.2"},
    Known{"fsmount", "5.2"},
    Known{"fsopen", "5.2"},
    Known{"mount_setattr", "5.12"},
    Known{"move_mount", "5.2"},
    Known{"open_tree", "5.2"},
    Known{"openat2", "5.6"},
    Known{"pidfd_open", "5.3"},
    Known{"pidfd_send_signal", "5.1"},
};

}  // namespace

std::string missing_call(std::string_view call) {
    const auto* const known = std::find_if(kKnown.begin(), kKnown.end(),
                                           [&](const Known& each) { return each.call == call; });
    const std::string since =
        known != kKnown.end() ? fmt::format("Linux {} has it; ", known->since) : "";
    return fmt::format("the system call {} is missing ({}a filter around lxvirt may forbid it)",
                       call, since);
}

}  // namespace lxvirt::base
