// The version that every message and plan begins with (base/codec.hh), read before the rest, which
// only that version's own program knows how to read.
#pragma once

#include <cstdint>
#include <string_view>

namespace lxvirt::base {

// 0 where the bytes are too few.
[[nodiscard]] constexpr std::uint32_t leading_number(std::string_view bytes) {
    if (bytes.size() < 4) return 0;
    std::uint32_t number = 0;
    for (const char byte : bytes.substr(0, 4))
        number = (number << 8) | static_cast<std::uint8_t>(byte);
    return number;
}

}  // namespace lxvirt::base
