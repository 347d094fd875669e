// Printing XML, for dumpxml and its relatives.
#pragma once

#include <string>

#include "shell/core/command.hh"

namespace lxvirt::shell {

inline constexpr Option kXpathOption{"xpath", OptionType::string,
                                     "print only what this XPath expression selects"};
inline constexpr Option kWrapOption{"wrap", OptionType::boolean,
                                    "with --xpath, put one element around the results"};

// The text, or what the two options make of it.
void print_xml(Session& session, const Invocation& invocation, const std::string& text);

}  // namespace lxvirt::shell
