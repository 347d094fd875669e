// UUIDs as text: 32 hexadecimal digits, canonical form lower case with dashes (RFC 4122, 3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::base {

// A version 4 UUID from getrandom(2).
[[nodiscard]] std::string random_uuid();

// The canonical form of `text`. Accepts what libvirt accepts: any case, dashes and blanks or none
// before each byte, blanks around it; nothing for anything else.
[[nodiscard]] std::optional<std::string> parse_uuid(std::string_view text);

}  // namespace lxvirt::base
