// What the commands for one kind of device share, such as attach-disk. As in virsh, each makes a
// document from its options, and the driver attaches or detaches what the document describes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/commands/attach.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::shell {

inline constexpr Option kPrintXml{"print-xml", OptionType::boolean,
                                  "print the document, change nothing"};

// What a command prints: the last line of its error, and its message of success.
struct Words {
    std::string_view failing, done;
};

// Calls `act` with the document `xml` for the command's domain and returns true. With --print-xml
// it prints the document instead, and looks for no domain. Throws Failure.
bool carry_out(Session& session, const Invocation& invocation, const std::string& xml, Act act,
               const Words& words);
// Throws Failure if one of these options was given. virsh has the options, but a container's device
// has no use for them, and an ignored option would be a silent difference.
void refuse_options(const Invocation& invocation, std::span<const std::string_view> options);
// Returns the domain in which a device is looked for: the definition with --config alone, else what
// runs, or the definition if the domain is off. Throws Failure and base::Exception.
[[nodiscard]] xml::Domain meant_domain(Session& session, const Invocation& invocation);

}  // namespace lxvirt::shell
