// A document of any kind, checked without being stored.
#pragma once

#include <string_view>
#include <vector>

#include "xml/domain/parse.hh"

namespace lxvirt::xml {

// What is wrong with a document, line by line, and what would be left out of it.
struct Checked {
    std::vector<Notice> faults;
    std::vector<Notice> notices;
};
// Parses a document of either kind, of a device or of a domain, by its outermost element. Throws
// only where that cannot be done, for want of the schema.
[[nodiscard]] Checked check_document(std::string_view text, ParseOptions options);

}  // namespace lxvirt::xml
