// Every message and plan begins with its version (base/codec.hh), which is looked at before the
// rest: that only a program of the same version knows how to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace lxvirt::base {

// "READER WANTED, not FOUND" where `bytes` are of another version; nothing where they are of this
// one, or too few to tell, which decode() does.
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
