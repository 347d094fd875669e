// Finds out by libblkid which file system is on a block device or in an image file. Not linked into
// the static helper.
#pragma once

#include <string>

namespace lxvirt::base {

// Returns the type by its kernel name, such as "ext4". Throws Error(config_unsupported) that names
// `path` where no known file system is found or the signatures of several are, and SystemError
// where `path` cannot be read.
[[nodiscard]] std::string filesystem_type(const std::string& path);

}  // namespace lxvirt::base
