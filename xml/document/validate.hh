// Validates a document against a schema in schemas/ (RELAX NG), for define --validate.
#pragma once

#include <functional>
#include <string_view>

#include "xml/document/document.hh"

namespace lxvirt::xml {

// Throws Error(xml_invalid_schema) where the schema in the file `schema` refuses the document.
// `parse` runs the parsers over the document, to find better words for what the schema refuses.
// Where faults are collected, nothing is thrown: the document keeps the refusal
// (Document::refuse()).
void validate(Document& document, std::string_view schema, const std::function<void()>& parse);

}  // namespace lxvirt::xml
