// Looking for single things in XML texts of our own layout without parsing them, since listing a thousand
// definitions must take milliseconds. Parsing has the last word on every text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::xml {

// Returns where `tag` ("<uuid>") begins outside comments, or npos.
[[nodiscard]] std::size_t find_tag(std::string_view text, std::string_view tag);

// Returns the first <uuid> outside comments in canonical form, or nullopt if there is none or it is not a
// uuid.
[[nodiscard]] std::optional<std::string> scan_uuid(std::string_view text);

// Returns the text of the object's own <title>, entities resolved; empty if there is none.
[[nodiscard]] std::string scan_title(std::string_view text);

// Returns the name of the outermost element; empty if the text has none.
[[nodiscard]] std::string_view outermost_element(std::string_view text);

// Returns the value of an attribute of one start tag ("<cgroup path='x'/>"), entities resolved; nullopt if
// the tag has no such attribute.
[[nodiscard]] std::optional<std::string> scan_attribute(std::string_view tag,
                                                        std::string_view name);

// Returns `text` with the five entities of XML and the references that Writer makes resolved.
[[nodiscard]] std::string resolve_entities(std::string_view text);

}  // namespace lxvirt::xml
