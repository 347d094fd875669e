// libvirt's words for states and reasons (virsh 9.0.0 `list`, `domstate --reason`).
#pragma once

#include <string>
#include <string_view>

#include "driver/types.hh"

namespace lxvirt::shell {

// "shut off (crashed)"; with `with_detail`, what lxvirt knows beyond that: "shut off (crashed: exit
// status 3)", for a container that ended by itself.
[[nodiscard]] std::string state_and_reason(const driver::DomainStatus& status, bool with_detail);

}  // namespace lxvirt::shell
