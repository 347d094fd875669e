// Connection URIs, as libvirt's LXC driver has them: "lxc:///", "lxc:///system", and the embed form
// "lxc:///embed?root=DIR" of libvirt's drvqemu page, with state below DIR instead of the machine's
// own.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::driver {

struct Uri {
    std::string root;  // the root folder, "" for the machine's own state
};

// Throws no_connect for another driver's URI and internal_error for a path of no meaning, with
// libvirt's sentences; invalid_arg for a query that is not root=/ABSOLUTE/DIR.
[[nodiscard]] Uri parse_uri(const std::string& uri);

// The URI that an empty one stands for: LIBVIRT_DEFAULT_URI, else "lxc:///".
[[nodiscard]] std::string default_uri();

}  // namespace lxvirt::driver
