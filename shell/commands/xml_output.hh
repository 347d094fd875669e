// Prints XML, for dumpxml and the other commands with --xpath and --wrap.
#pragma once

#include <string>

#include "shell/core/command.hh"

namespace lxvirt::shell {

inline constexpr Option kXpathOption{"xpath", OptionType::string,
                                     "print only what this XPath expression selects"};
inline constexpr Option kWrapOption{"wrap", OptionType::boolean,
                                    "with --xpath, put one element around the results"};

// Prints the document `text`, or the nodes that --xpath selects from it, each with a newline;
// --wrap puts them into one <nodes> element. Throws base::Exception for a wrong expression.
void print_xml(Session& session, const Invocation& invocation, const std::string& text);

}  // namespace lxvirt::shell
