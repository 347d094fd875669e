// Validation of a document by a schema of schemas/ (RELAX NG), for define --validate.
#pragma once

#include <functional>
#include <string_view>

#include "xml/document/document.hh"

namespace lxvirt::xml {

// ParseOptions::validate: throws xml_invalid_schema. `schema` is the name of its file; `parse` runs
// the parsers over the document, to find words for what the schema refuses.
void validate(Document& document, std::string_view schema, const std::function<void()>& parse);

}  // namespace lxvirt::xml
