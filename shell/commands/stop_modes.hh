// The modes of shutdown and reboot, with virsh's words and libvirt's numbers
// (virDomainShutdownFlagValues). Modes that no container has (acpi, agent, paravirt) are accepted
// here and refused by the driver.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/types.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

// Returns the flags of --mode, a list such as "initctl,signal"; no flags if it was not given.
// Throws Failure for an unknown word. `ending` ends the message's list of modes, which virsh words
// differently for shutdown and for reboot.
[[nodiscard]] driver::StopFlags stop_flags(const Invocation& invocation, std::string_view ending);

// Returns the modes that a container has.
[[nodiscard]] std::vector<std::string> complete_stop_modes(Session& session);

}  // namespace lxvirt::shell
