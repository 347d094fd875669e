// The application data below <metadata>: one element per namespace, which virDomainGetMetadata and
// virDomainSetMetadata read and write without that namespace.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lxvirt::xml {

// The first of `elements` (Domain::metadata) whose namespace is `uri`, as text without that
// namespace; nothing where there is none.
[[nodiscard]] std::optional<std::string> find_metadata(const std::vector<std::string>& elements,
                                                       const std::string& uri);

// Puts the element `value` in, in the namespace `uri` with the prefix `key`, in place of the one
// that was there; without a value removes that. Throws base::Error where `value` is not one XML
// element, `key` no prefix, or `uri` empty.
void replace_metadata(std::vector<std::string>& elements, const std::string& uri,
                      const std::string& key, const std::optional<std::string>& value);

}  // namespace lxvirt::xml
