// The name and the uuid of an object, which every kind of document has.
#pragma once

#include <string>

#include "xml/document/document.hh"

namespace lxvirt::xml {

// Of every kind of document. The name is that of a file too; throws where it cannot be.
void check_name(const Element& element, const std::string& name);
// Empty where the element is.
[[nodiscard]] std::string parse_uuid_element(const Element& element);

}  // namespace lxvirt::xml
