// What the port of an <interface> drops: <lx:guard> in <lx:interface>, and <filterref> to those of
// libvirt's filters (libvirt.org/formatnwfilter.html) that mean the same.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Says whether a <parameter> of a <filterref> gives an address of the container.
[[nodiscard]] bool is_address_parameter(std::string_view name);

// Returns the guards that a filter of libvirt's stands for; nothing for a filter that lxvirt cannot
// apply.
[[nodiscard]] std::optional<ContainerGuard> guards_of_filter(std::string_view filter);

// Returns what the interface's filter and its <lx:guard> ask for. `index` is the interface's
// position in the domain. Throws Error(config_unsupported) with the place of <filterref> where the
// filter cannot be applied.
[[nodiscard]] ContainerGuard guards_of(const Domain& domain, const Interface& interface,
                                       std::size_t index);

}  // namespace lxvirt::xml
