// What file system is on a block device or in an image file, through libblkid. Not for the static
// helper.
#pragma once

#include <string>

namespace lxvirt::base {

// "ext4". Throws Error(config_unsupported) naming the path where nothing is recognised, or more
// than one file system is; SystemError where it cannot be read.
[[nodiscard]] std::string filesystem_type(const std::string& path);

}  // namespace lxvirt::base
