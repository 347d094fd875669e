// Connects the terminal to a container's console until the escape character is typed, the container
// ends or somebody else takes the console. Used by console, start --console and create --console.
#pragma once

#include <string>

#include "driver/types.hh"

namespace lxvirt::shell {

class Session;

// Says "Connected to domain ...", relays, and returns true. `device` is an alias or empty for the
// first console. Throws Failure without a terminal or while the domain is off, and what the driver
// throws.
bool open_console(Session& session, const driver::DomainRef& domain, const std::string& device,
                  driver::ConsoleFlags flags);

}  // namespace lxvirt::shell
