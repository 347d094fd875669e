// The names of objects, whatever their kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hh"

namespace lxvirt::xml {

// What is wrong with a name: libvirt's sentence without the prefix of `code`, and what would be right.
struct NameFault {
    base::ErrorCode code;
    std::string words, hint;
};

// Returns why no object can have this name, or nullopt. A name becomes the name of files and sockets: at
// most 200 bytes, not blank, no '.' in front, no slash, no control character.
[[nodiscard]] std::optional<NameFault> fault_of_name(std::string_view name);

[[nodiscard]] inline bool is_name(std::string_view name) {
    return !fault_of_name(name);
}

// Throws base::Error with libvirt's sentence if no object can have this name.
void check_name(const std::string& name);

}  // namespace lxvirt::xml
