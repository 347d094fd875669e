#include "xml/document/identity.hh"

#include <fmt/format.h>

#include "base/text/text.hh"

namespace lxvirt::xml {

using base::ErrorCode;

namespace {

constexpr std::size_t kMaxName = 200;  // bytes

}  // namespace

std::optional<NameFault> fault_of_name(std::string_view name) {
    constexpr std::string_view kFileName = "the name becomes a file name";
    const auto fault = [&](std::string_view words) {
        return NameFault{ErrorCode::xml_error, fmt::format("name {} {}", name, words),
                         std::string(kFileName)};
    };
    if (name.find_first_not_of(" \t\n\r") == std::string_view::npos)
        return NameFault{ErrorCode::no_name, "", "<name> is empty; write <name>NAME</name>"};
    if (name.find('/') != std::string_view::npos) return fault("cannot contain '/'");
    // A control character of Unicode (C1), too, moves the cursor of a terminal.
    if (base::shown(name) != name)
        return NameFault{ErrorCode::xml_detail, "invalid char in name: control character",
                         "<name> is one line of printable text"};
    if (name == "." || name == "..") return fault("is not allowed");
    if (name.front() == '.') return fault("must not begin with '.'");
    if (name.size() > kMaxName)
        return NameFault{ErrorCode::xml_error,
                         fmt::format("name has {} bytes, more than {}", name.size(), kMaxName),
                         "choose a shorter <name>"};
    return std::nullopt;
}

void check_name(const std::string& name) {
    if (const auto fault = fault_of_name(name)) base::fail(fault->code, "{}", fault->words);
}

}  // namespace lxvirt::xml
