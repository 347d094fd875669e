// Connection URIs as libvirt's LXC driver has them: "lxc:///", "lxc:///system", and the embed form
// "lxc:///embed?root=DIR", which libvirt documents for QEMU (drvqemu.html), with state below DIR
// instead of the machine's own.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::driver {

struct Uri {
    std::string root;  // the root folder, "" for the machine's own state
};

// Parses a URI. Throws, with libvirt's sentences, no_connect for another driver's URI and
// internal_error for an unknown path; invalid_arg for a query that is not root=/ABSOLUTE/DIR.
[[nodiscard]] Uri parse_uri(const std::string& uri);

}  // namespace lxvirt::driver
