// The modes of shutdown and reboot: virsh's words and libvirt's numbers
// (virDomainShutdownFlagValues).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/types.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

// Returns the flags of --mode ("initctl,signal"). Throws Failure for an unknown word; `ending` is how the
// command's list of good ones ends (virsh words it differently for shutdown and for reboot).
[[nodiscard]] driver::StopFlags stop_flags(const Invocation& invocation, std::string_view ending);

[[nodiscard]] std::vector<std::string> complete_stop_modes(Session& session);

}  // namespace lxvirt::shell
