// Loop devices (loop(4)): an image file as a block device. Set to clear themselves when the last
// user closes (LO_FLAGS_AUTOCLEAR), so whoever holds the descriptor owns the device.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

struct LoopDevice {
    UniqueFd fd;       // keeps it attached
    std::string path;  // "/dev/loop3"
    unsigned major = 7, minor = 0;
};

// Throws SystemError naming the file.
[[nodiscard]] LoopDevice attach_loop(const std::string& file, bool readonly);

}  // namespace lxvirt::base
