// What the commands for one kind of device have in common: each writes a document from its options
// and has the driver attach or detach it.
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

// The last line of the failure, and the line of the success.
struct Words {
    std::string_view failing, done;
};

// Has the driver carry the document out, or prints it with --print-xml.
bool carry_out(Session& session, const Invocation& invocation, const std::string& xml, Act act,
               const Words& words);
// Refuses the options of virsh's that a container's device has no use for.
void refuse_options(const Invocation& invocation, std::span<const std::string_view> options);
// The domain as the options mean it: the definition with --config alone, else what runs.
[[nodiscard]] xml::Domain meant_domain(Session& session, const Invocation& invocation);

}  // namespace lxvirt::shell
