// Compares the versions of two programs that exchange data. Every message and every plan begins
// with its version as four big-endian bytes (base/codec.hh). A reader compares it before it decodes
// the rest, which only a program of the same version knows how to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace lxvirt::base {

// Returns "READER WANTED, not FOUND" where `bytes` begin with another version than `wanted`.
// Returns nothing where the version is the wanted one, and where there are fewer than four bytes,
// which decode() refuses anyway. `reader` names the reading program and what it reads.
[[nodiscard]] inline std::optional<std::string> other_version(std::string_view bytes,
                                                              std::uint32_t wanted,
                                                              std::string_view reader) {
    if (bytes.size() < 4) return std::nullopt;
    std::uint32_t found = 0;
    for (const char byte : bytes.substr(0, 4))
        found = (found << 8) | static_cast<std::uint8_t>(byte);
    if (found == wanted) return std::nullopt;
    return fmt::format("{} {}, not {}", reader, wanted, found);
}

}  // namespace lxvirt::base
