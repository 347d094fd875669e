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

// Returns the interface's position in the domain, by its hardware address; for one that is about to
// be added, the position behind the last.
[[nodiscard]] std::size_t position_of(const Domain& domain, const Interface& interface);

// Returns what the interface's filter and the <lx:guard> of its position ask for. Throws Error(config_unsupported) with the place of <filterref> where the
// filter cannot be applied.
[[nodiscard]] ContainerGuard guards_of(const Domain& domain, const Interface& interface);

}  // namespace lxvirt::xml
