// Typed reading of attributes and texts, for the parsers of xml/. Each function reads one value and
// words its error with libvirt's sentence, the place, and what would be right. All throw
// PlacedError.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "xml/document/document.hh"
#include "xml/document/names.hh"

namespace lxvirt::xml {

using base::ErrorCode;

// Throws base::Error with libvirt's sentence and the element's place if no object can have this name.
void check_name(const Element& element, const std::string& name);

// Returns the uuid in an element's text in canonical form, or an empty string if the element is empty.
// Throws internal_error for a malformed one.
[[nodiscard]] std::string parse_uuid_element(const Element& element);

// "Invalid value for attribute 'A' in element 'E': 'V'", and what was expected.
[[noreturn]] void fail_attribute(const Element& element, std::string_view name,
                                 std::string_view value, std::string_view expected);

// Returns the value of an attribute; empty where it is absent.
[[nodiscard]] std::string string_attribute(const Element& element, std::string_view name);

// The least MTU that the kernel takes for an Ethernet device, in bytes (ETH_MIN_MTU in
// linux/if_ether.h).
inline constexpr unsigned kLeastMtu = 68;

// Says what keeps a text from being the name of a network device; empty if nothing does. The kernel
// refuses names of more than 15 bytes, with a slash, a colon or a blank, and "." and "..", and takes
// a '%' for a pattern (dev_valid_name() and dev_alloc_name()). The other characters are separators,
// quotes or patterns of nftables or dnsmasq, to which names of devices are handed.
[[nodiscard]] std::string_view fault_of_link_name(std::string_view name);
// Returns the value of an attribute that names a network device; empty where it is absent or empty.
// Throws xml_error for a name that no device can have. All names of devices are read by this function or
// looked at by the one above.
[[nodiscard]] std::string link_name_attribute(const Element& element, std::string_view name);

// Returns the value of an attribute as a number from 0 to `most`; nothing where it is absent.
[[nodiscard]] std::optional<std::uint64_t> unsigned_attribute(
    const Element& element, std::string_view name,
    std::uint64_t most = std::numeric_limits<unsigned>::max());

// Returns the enumerator of an attribute's word in `table`; nothing where it is absent.
template <typename E, std::size_t N>
[[nodiscard]] std::optional<E> enum_attribute(const Element& element, std::string_view name,
                                              const std::array<Name<E>, N>& table) {
    const auto text = element.attribute(name);
    if (!text) return std::nullopt;
    if (const auto value = value_of(table, *text)) return value;
    fail_attribute(element, name, *text, list_of(table));
}

// Returns the word of an attribute, which must be in `words`; empty where it is absent.
template <std::size_t N>
[[nodiscard]] std::string word_attribute(const Element& element, std::string_view name,
                                         const std::array<std::string_view, N>& words) {
    const auto text = element.attribute(name);
    if (!text) return {};
    if (has_word(words, *text)) return std::string(*text);
    fail_attribute(element, name, *text, list_of(words));
}

// Returns `text` times `unit`, in bytes; without a unit `default_unit` applies. `what` is libvirt's
// name of the place in its messages, an XPath such as "./memory[1]". Throws on a bad number or unit
// and on overflow.
[[nodiscard]] std::uint64_t scaled_bytes(const Element& element, std::string_view text,
                                         std::optional<std::string_view> unit,
                                         std::string_view default_unit, std::string_view what);

// Returns the text of an element with a `unit` attribute in KiB, rounded up, as libvirt does for
// <memory>.
[[nodiscard]] std::uint64_t size_kib(const Element& element, std::string_view what);

// Throws unless `path` begins with a slash; `what` names the value in the error.
void require_absolute(const Element& element, std::string_view what, std::string_view path);

}  // namespace lxvirt::xml
