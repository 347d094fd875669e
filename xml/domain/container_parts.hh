// What the parsers of <lx:container> share; private to xml/. What closes a container has a file of
// its own, container_security.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xml/document/document.hh"
#include "xml/document/writer.hh"
#include "xml/domain/container.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// The value of an attribute that has to be there.
[[nodiscard]] std::string required(const Element& element, std::string_view name);

// An element of attributes only, those that have a value; nothing where none has.
using Attributes = std::vector<std::pair<std::string_view, std::string>>;
void format_flat(Writer& out, std::string_view name, const Attributes& attributes);

// <lx:readonly>, <lx:mask>, <lx:dev>, <lx:keyring>, <lx:core_scheduling>, <lx:filesystem>: false
// where `element` is none of them.
[[nodiscard]] bool parse_container_security(const Element& element, Container& out);
void format_container_security(Writer& out, const Container& container);

// Tells what of <lx:container> means nothing beside the domain's other elements. `element` is it.
void add_container_notices(const Element& element, const Domain& domain);

}  // namespace lxvirt::xml
