// Values for options that name a part of a domain: the completers of `--interface`, `--target`,
// `--alias` and the like. The domain is the one that the line has named so far; without one they offer
// nothing.
#pragma once

#include <string>
#include <vector>

#include "shell/core/command.hh"

namespace lxvirt::shell {

// The host's ends, names inside and hardware addresses of the domain's interfaces.
[[nodiscard]] std::vector<std::string> complete_interfaces(Session& session);
[[nodiscard]] std::vector<std::string> complete_macs(Session& session);
// The types of the domain's interfaces.
[[nodiscard]] std::vector<std::string> complete_used_types(Session& session);
// The targets of disks and filesystems, as domblklist prints them.
[[nodiscard]] std::vector<std::string> complete_blocks(Session& session);
[[nodiscard]] std::vector<std::string> complete_disks(Session& session);
[[nodiscard]] std::vector<std::string> complete_mount_points(Session& session);
[[nodiscard]] std::vector<std::string> complete_aliases(Session& session);
[[nodiscard]] std::vector<std::string> complete_consoles(Session& session);
// The ports of the host that the domain publishes.
[[nodiscard]] std::vector<std::string> complete_published(Session& session);
// What an interface of the type that the line has named can be plugged into: the active networks, or
// the host's network devices.
[[nodiscard]] std::vector<std::string> complete_interface_sources(Session& session);
// The hardware addresses that the network of the line has given leases to.
[[nodiscard]] std::vector<std::string> complete_lease_macs(Session& session);

}  // namespace lxvirt::shell
