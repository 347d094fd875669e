// Checks a document of any kind without storing it, for `validate` and editors.
#pragma once

#include <string_view>
#include <vector>

#include "xml/domain/parse.hh"

namespace lxvirt::xml {

// What is wrong with a document, line by line, and what would be left out of it.
struct Checked {
    std::vector<Notice> faults;   // what is wrong, by line
    std::vector<Notice> notices;  // what would be left out of the stored document
};
// Parses a domain, network, network port or device, whichever the outermost element begins, and
// collects all faults instead of throwing the first. `options.faults` is ignored. Throws
// Error(internal_error) where the schema cannot be read.
[[nodiscard]] Checked check_document(std::string_view text, ParseOptions options);

}  // namespace lxvirt::xml
