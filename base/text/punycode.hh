// Names of hosts for names that are not ASCII (RFC 3492, RFC 5890).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::base {

// Returns the label "xn--..." for a UTF-8 text with characters beyond ASCII; letters are not mapped to
// others. Returns nothing where the text is no UTF-8, or the label would have more than 63 bytes, which
// DNS does not allow.
[[nodiscard]] std::optional<std::string> punycode_label(std::string_view text);

}  // namespace lxvirt::base
