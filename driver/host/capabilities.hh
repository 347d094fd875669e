// The <capabilities> document of the host (libvirt's formatcaps.html), in libvirt's layout.
#pragma once

#include <string>

namespace lxvirt::driver {

// Returns the document. `base` is put before every path of /proc, /sys and /etc, so that tests
// describe a made-up host. Throws SystemError.
[[nodiscard]] std::string format_capabilities(const std::string& base = {});

}  // namespace lxvirt::driver
