#include "xml/document/read.hh"

#include <fmt/format.h>

#include "base/text/text.hh"
#include "base/uuid.hh"
#include "xml/document/identity.hh"
#include "xml/document/values.hh"

namespace lxvirt::xml {

void check_name(const Element& element, const std::string& name) {
    if (const auto fault = fault_of_name(name))
        element.fail(fault->code, fault->words, fault->hint);
}

std::string parse_uuid_element(const Element& element) {
    const std::string text = element.text();
    if (const auto parsed = base::parse_uuid(text)) return *parsed;
    if (!text.empty())
        element.fail(ErrorCode::internal_error, "malformed uuid element",
                     fmt::format("'{}' is not 32 hexadecimal digits", text));
    return {};
}

void fail_attribute(const Element& element, std::string_view name, std::string_view value,
                    std::string_view expected) {
    element.fail(ErrorCode::xml_error,
                 fmt::format("Invalid value for attribute '{}' in element '{}': '{}'.", name,
                             element.name(), value),
                 fmt::format("expected {}", expected));
}

std::string string_attribute(const Element& element, std::string_view name) {
    return std::string(element.attribute(name).value_or(std::string_view()));
}

std::string_view fault_of_link_name(std::string_view name) {
    constexpr std::size_t most = 15;  // IFNAMSIZ without the final zero byte
    if (name.size() > most) return "a network device's name has at most 15 bytes";
    if (name == "." || name == "..") return "'.' and '..' are no names of network devices";
    // The kernel has folders of these names for settings (sysctl_dev_name_is_allowed()).
    if (base::contains_word("all default", name))
        return "the kernel keeps the names 'all' and 'default' for its settings";
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f ||
            std::string_view("/:%\"'\\*,;#{}$`").find(c) != std::string_view::npos)
            return "a network device's name has no blank, slash, colon, comma, semicolon, quote, "
                   "backslash, brace and none of %*#$";
    }
    return {};
}

std::string link_name_attribute(const Element& element, std::string_view name) {
    std::string value = string_attribute(element, name);
    if (const std::string_view fault = fault_of_link_name(value); !fault.empty())
        fail_attribute(element, name, value, fault);
    return value;
}

std::optional<std::uint64_t> unsigned_attribute(const Element& element, std::string_view name,
                                                std::uint64_t most) {
    const auto text = element.attribute(name);
    if (!text) return std::nullopt;
    const auto value = to_unsigned(*text);
    if (!value || *value > most)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Invalid value for attribute '{}' in element '{}': '{}'. Expected "
                                 "non-negative integer value",
                                 name, element.name(), *text),
                     // The words are libvirt's virXMLPropUInt().
                     fmt::format("a number from 0 to {}", most));
    return value;
}

std::uint64_t scaled_bytes(const Element& element, std::string_view text,
                           std::optional<std::string_view> unit, std::string_view default_unit,
                           std::string_view what) {
    const auto number = to_unsigned(text);
    if (!number)
        element.fail(ErrorCode::xml_error,
                     fmt::format("Invalid value '{}' for element or attribute '{}'", text, what),
                     fmt::format("<{}> takes a whole number of at most 64 bits", element.name()));
    // An empty unit means the default, as in libvirt.
    if (!unit || unit->empty()) unit = default_unit;
    const auto scale = unit_bytes(*unit);
    if (!scale)
        element.fail(ErrorCode::invalid_arg, fmt::format("unknown suffix '{}'", *unit),
                     fmt::format("the unit of <{}> is one of bytes, KB, KiB, MB, MiB, GB, GiB, TB, "
                                 "TiB, PB, PiB, EB, EiB",
                                 element.name()));
    std::uint64_t bytes = 0;
    // The product may exceed 64 bits.
    if (__builtin_mul_overflow(*number, *scale, &bytes))
        element.fail(ErrorCode::overflow, fmt::format("value too large: {}{}", text, *unit),
                     fmt::format("<{}> takes less than 16 EiB", element.name()));
    return bytes;
}

std::uint64_t size_kib(const Element& element, std::string_view what) {
    const std::uint64_t bytes =
        scaled_bytes(element, element.text(), element.attribute("unit"), "KiB", what);
    // A part of a KiB counts as a whole one, so that a limit is never smaller than the document
    // asks for.
    return bytes / 1024 + (bytes % 1024 != 0 ? 1 : 0);
}

void require_absolute(const Element& element, std::string_view what, std::string_view path) {
    if (!path.empty() && path.front() == '/') return;
    element.fail(ErrorCode::xml_error, fmt::format("{} '{}' is not an absolute path", what, path),
                 fmt::format("<{}> takes a path that begins with '/'", element.name()));
}

}  // namespace lxvirt::xml
