// What the commands that attach and detach devices have in common: their options, and what those
// mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/api/connection.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

inline constexpr Option kPersistentOption{"persistent", OptionType::boolean,
                                          "of the definition, and of the container if it runs"};
inline constexpr Option kForceOption{"force", OptionType::boolean,
                                     "though it is in use; it goes when its users let go of it"};

// attach_device, detach_device or update_device.
using Act = std::vector<std::string> (driver::Connection::*)(const driver::DomainRef&,
                                                             std::string_view,
                                                             const driver::DeviceOptions&);

// Throws Failure where --current meets one of the others.
void check_affect_options(const Invocation& invocation);
// What --persistent, --live, --config and --current ask for; `fallback` without any.
[[nodiscard]] driver::DeviceOptions device_options(const Invocation& invocation,
                                                   const driver::DomainRef& domain,
                                                   driver::Affect fallback);
void say_remarks(Session& session, const std::vector<std::string>& remarks);

}  // namespace lxvirt::shell
