// Name and uuid, which documents of every kind have.
#pragma once

#include <string>

#include "xml/document/document.hh"

namespace lxvirt::xml {

// Throws PlacedError where `name`, the text of `element`, cannot name an object. A name becomes a
// file name and part of a socket's path: it must not be empty, ".", "..", contain '/' or control
// characters, or have more than 200 bytes.
void check_name(const Element& element, const std::string& name);
// Returns the uuid in canonical form; empty where the element is empty. Throws PlacedError where
// the text is no uuid.
[[nodiscard]] std::string parse_uuid_element(const Element& element);

}  // namespace lxvirt::xml
