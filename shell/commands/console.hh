// Connects the terminal to a container's console until the escape character is typed, the container
// ends, or another user takes the console with --force. The commands console, start --console and
// create --console call it.
#pragma once

#include <string>

#include "driver/types.hh"

namespace lxvirt::shell {

class Session;

// Prints "Connected to domain ...", copies in both directions until the end, and returns true.
// `device` is a console's alias; empty means the first console. Throws Failure if the domain is off
// or standard input is no terminal, and what the driver throws.
bool open_console(Session& session, const driver::DomainRef& domain, const std::string& device,
                  driver::ConsoleFlags flags);

}  // namespace lxvirt::shell
