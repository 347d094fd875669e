// libvirt's words for states and reasons (virsh 9.0.0 `list`, `domstate --reason`).
#pragma once

#include <string>
#include <string_view>

#include "driver/types.hh"

namespace lxvirt::shell {

// Returns the state and libvirt's reason: "shut off (crashed)". `with_detail` adds how the init of
// a container ended by itself, which virsh cannot say: "shut off (crashed: exit status 3)".
[[nodiscard]] std::string state_and_reason(const driver::DomainStatus& status, bool with_detail);

}  // namespace lxvirt::shell
