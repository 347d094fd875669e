// Checks a document of any kind without storing it, for `validate` and editors.
#pragma once

#include <string_view>
#include <vector>

#include "xml/domain/parse.hh"

namespace lxvirt::xml {

// Returns the name of the outermost element as it is written, without parsing the text; empty where
// there is none. Only a parse shows whether the document is well-formed.
[[nodiscard]] std::string_view outermost_element(std::string_view text);

// The result of a check.
struct Checked {
    std::vector<Notice> faults;   // what is wrong, by line
    std::vector<Notice> notices;  // what would be left out of the stored document
};
// Parses a domain, network, network port or device, whichever the outermost element begins, and
// collects all faults instead of throwing the first. `options.faults` is ignored. Throws
// Error(internal_error) where the schema cannot be read.
[[nodiscard]] Checked check_document(std::string_view text, ParseOptions options);

}  // namespace lxvirt::xml
