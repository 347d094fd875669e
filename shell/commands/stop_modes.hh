// The modes of shutdown and reboot: virsh's words and libvirt's numbers
// (virDomainShutdownFlagValues).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/types.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

struct StopModes {
    std::vector<driver::StopMode> modes;
    unsigned unsupported = 0;  // libvirt's flags of modes that a container does not have
};

// Of --mode, "initctl,signal". Throws Failure for an unknown word; `ending` is how the command's
// list of good ones ends (virsh words it differently for shutdown and for reboot).
[[nodiscard]] StopModes stop_modes(const Invocation& invocation, std::string_view ending);

[[nodiscard]] std::vector<std::string> complete_stop_modes(Session& session);

}  // namespace lxvirt::shell
