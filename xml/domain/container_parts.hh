// Functions that the parsers of <lx:container> share; private to xml/.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xml/document/document.hh"
#include "xml/document/writer.hh"
#include "xml/domain/container.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Returns the value of an attribute that must be there and not be empty; throws PlacedError
// otherwise.
[[nodiscard]] std::string required(const Element& element, std::string_view name);

// Writes an element that has attributes only, those with a value; writes nothing where none has
// one.
using Attributes = std::vector<std::pair<std::string_view, std::string>>;
void format_flat(Writer& out, std::string_view name, const Attributes& attributes);

// Parse and format the elements of container_security.cc: <lx:readonly>, <lx:mask>, <lx:dev>,
// <lx:device_rules>, <lx:keyring>, <lx:calls>, <lx:core_scheduling>, <lx:filesystem>. The parser returns false where `element` is
// none of these.
[[nodiscard]] bool parse_container_security(const Element& element, Container& out);
void format_container_security(Writer& out, const Container& container);
// Throws PlacedError for the second <lx:readonly>, <lx:mask> or <lx:filesystem> of one path.
void check_named_once(const Element& container);

// The attributes of <lx:guard>, in the order in which they are written.
inline constexpr std::array<std::pair<std::string_view, std::optional<bool> ContainerGuard::*>, 6>
    kGuards{{{"mac", &ContainerGuard::mac},
             {"ip", &ContainerGuard::ip},
             {"arp", &ContainerGuard::arp},
             {"ra", &ContainerGuard::ra},
             {"dhcp", &ContainerGuard::dhcp},
             {"bpdu", &ContainerGuard::bpdu}}};
// Parses <lx:guard>.
[[nodiscard]] ContainerGuard parse_guard(const Element& element);
// Writes <lx:guard> with the attributes that are set.
void format_guard(Writer& out, const ContainerGuard& guard);

// Returns the first child of that name in the namespace of <lx:container>; may be empty.
[[nodiscard]] Element extension_child(const Element& parent, std::string_view name);

// Parses and writes <lx:publish>.
[[nodiscard]] ContainerPublication parse_publication(const Element& element);
void format_publication(Writer& out, const ContainerPublication& publication);

// Adds notices about parts of <lx:container>, the element `element`, that have no effect because of
// the domain's other elements.
void add_container_notices(const Element& element, const Domain& domain);

}  // namespace lxvirt::xml
