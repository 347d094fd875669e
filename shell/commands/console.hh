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

// Says whether a console can be shown: whether standard input is a terminal.
[[nodiscard]] bool has_terminal();

// Does the same with the console that a start has connected, also without a terminal: standard input
// and output are then copied as they are. Returns whether the command succeeds: where the init ended, its exit status is the command's, or 128 plus the number of the
// signal that killed it.
bool attend_console(Session& session, const driver::DomainRef& domain,
                    const driver::ConsoleStream& console);

}  // namespace lxvirt::shell
