// What the commands share that attach, detach or change devices: their options, and the flags that
// the options stand for (virDomainDeviceModifyFlags).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/connection.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

inline constexpr Option kPersistentOption{"persistent", OptionType::boolean,
                                          "change the definition, and the container if it runs"};
inline constexpr Option kForceOption{
    "force", OptionType::boolean,
    "detach it even if it is in use; it disappears when its last user closes it"};

// A method of the driver that takes a device's document: attach_device, detach_device or
// update_device. It returns notices for the user.
using Act = std::vector<std::string> (driver::Connection::*)(const driver::DomainRef&,
                                                             std::string_view,
                                                             const driver::DeviceOptions&);

// Throws Failure if --current was given with --live, --config or --persistent.
void check_affect_options(const Invocation& invocation);
// Returns what --persistent, --live, --config, --current and --force ask for. As in virsh,
// --persistent means the definition, and the container as well if it runs. `fallback` is used if
// none of the first four was given.
[[nodiscard]] driver::DeviceOptions device_options(const Invocation& invocation,
                                                   const driver::DomainRef& domain,
                                                   driver::Affect fallback);
// Prints each notice as a warning.
void print_notices(Session& session, const std::vector<std::string>& notices);

}  // namespace lxvirt::shell
