#include "xml/document/identity.hh"

#include <fmt/format.h>

#include "base/uuid.hh"

namespace lxvirt::xml {

using base::ErrorCode;

namespace {

constexpr std::size_t kMaxName = 200;  // bytes; a suffix must still fit into a file name

}  // namespace

void check_name(const Element& element, const std::string& name) {
    if (name.empty())
        element.fail(ErrorCode::no_name, "", "<name> is empty; write <name>NAME</name>");
    if (name.find('/') != std::string::npos)
        element.fail(ErrorCode::xml_error, fmt::format("name {} cannot contain '/'", name),
                     "the name becomes a file name");
    for (const char c : name)
        if (static_cast<unsigned char>(c) < 0x20)
            element.fail(ErrorCode::xml_detail, "invalid char in name: control character",
                         "<name> is one line of printable text");
    if (name == "." || name == "..")
        element.fail(ErrorCode::xml_error, fmt::format("name {} is not allowed", name),
                     "the name becomes a file name");
    if (name.size() > kMaxName)
        element.fail(ErrorCode::xml_error,
                     fmt::format("name has {} bytes, more than {}", name.size(), kMaxName),
                     "choose a shorter <name>");
}

// An empty <uuid> counts as a missing one, as in libvirt.
std::string parse_uuid_element(const Element& element) {
    const std::string text = element.text();
    if (const auto parsed = base::parse_uuid(text)) return *parsed;
    if (!text.empty())
        element.fail(ErrorCode::internal_error, "malformed uuid element",
                     fmt::format("'{}' is not 32 hexadecimal digits", text));
    return {};
}

}  // namespace lxvirt::xml
