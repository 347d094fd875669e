// UUIDs as text: 32 hexadecimal digits; the canonical form is lower case with dashes (RFC 4122,
// section 3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::base {

// Returns a version 4 (random) UUID from getrandom(2) in canonical form. Throws SystemError.
[[nodiscard]] std::string random_uuid();

// Returns the canonical form of `text`, or nothing if `text` is no UUID. Accepts what libvirt's
// virUUIDParse() accepts: digits of any case, dashes and blanks before any byte, blanks around the
// whole.
[[nodiscard]] std::optional<std::string> parse_uuid(std::string_view text);

}  // namespace lxvirt::base
