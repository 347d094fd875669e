// The applications' data below <metadata>: at most one element for each XML namespace, which
// virDomainGetMetadata() and virDomainSetMetadata() read and write without that namespace.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lxvirt::xml {

// Returns the first of `elements` (Domain::metadata) whose namespace is `uri`, as text without that
// namespace; nothing where there is none.
[[nodiscard]] std::optional<std::string> find_metadata(const std::vector<std::string>& elements,
                                                       const std::string& uri);

// Puts the element `value` into the namespace `uri`, with the prefix `key`, and stores it in place
// of the element of that namespace; without a value removes that element. Throws Error where
// `value` is not one XML element, `key` is no prefix, or `uri` is empty.
void replace_metadata(std::vector<std::string>& elements, const std::string& uri,
                      const std::string& key, const std::optional<std::string>& value);

}  // namespace lxvirt::xml
