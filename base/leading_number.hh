// The version that every message and plan begins with (base/codec.hh), read before the rest, which
// only that version's own program knows how to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lxvirt::base {

// Nothing where the bytes are too few.
[[nodiscard]] constexpr std::optional<std::uint32_t> leading_number(std::string_view bytes) {
    if (bytes.size() < 4) return std::nullopt;
    std::uint32_t number = 0;
    for (const char byte : bytes.substr(0, 4))
        number = (number << 8) | static_cast<std::uint8_t>(byte);
    return number;
}

}  // namespace lxvirt::base
