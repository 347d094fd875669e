// Ports of the host that lead to a container: <lx:publish> in <lx:interface>.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Returns what the domain publishes at the interface, by its position.
[[nodiscard]] std::vector<ContainerPublication> publications_of(const Domain& domain,
                                                                const Interface& interface);

// Adds a publication at the interface of that position. Throws operation_invalid where the domain
// publishes the port already, config_unsupported where the interface is not of type `network`.
void add_publication(Domain& domain, std::size_t interface, const ContainerPublication& wanted);
// Removes the publication of that protocol, port and address of the host, and returns the position of
// its interface; nullopt where the domain has none such.
std::optional<std::size_t> remove_publication(Domain& domain, const ContainerPublication& meant);

// Parse what a person types. Throw invalid_arg, which says what would be right.
[[nodiscard]] std::uint16_t parse_published_port(const std::string& text);
[[nodiscard]] std::string parse_published_address(const std::string& text);

// Returns "tcp port 8080 of 192.0.2.1", or "tcp port 8080" for all addresses of the host.
[[nodiscard]] std::string publication_text(const ContainerPublication& publication);

}  // namespace lxvirt::xml
