// What containers publish: from <lx:publish> to the addresses that lxnetd's rules need, and its form in
// a port's file.
#pragma once

#include <string>
#include <vector>

#include "driver/store/root.hh"
#include "netd/plan.hh"
#include "xml/domain/publications.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Returns an address of the interface that its definition or the network's static hosts tell; ""
// where none does.
[[nodiscard]] std::string known_address(const xml::Network& network,
                                        const xml::Interface& interface, bool v6);

// Returns the publications with the addresses of the container, but without file and owner. The
// caller holds the network's lock. Throws config_unsupported where an address is not known, or where
// nothing from outside reaches the network.
[[nodiscard]] std::vector<netd::Publication> resolve_publications(
    const Root& root, const xml::Network& network,
    const std::vector<xml::ContainerPublication>& wanted_ports, const xml::Interface& interface);

// Write and read the attribute of a port's file: "tcp,8080,192.0.2.1,10.0.0.5,80 ...", in which the
// host's address may be empty. Throws internal_error, which names `path`, for another text.
[[nodiscard]] std::string format_publications(const std::vector<netd::Publication>& publications);
[[nodiscard]] std::vector<netd::Publication> parse_publications(const std::string& text,
                                                                const std::string& path);

}  // namespace lxvirt::driver
