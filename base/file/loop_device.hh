// Loop devices (loop(4)) present an image file as a block device. They are set up with
// LO_FLAGS_AUTOCLEAR, so the kernel detaches the image when the last user closes the device: the
// owner of the descriptor owns the device, and a killed owner leaves nothing behind.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// An attached loop device.
struct LoopDevice {
    UniqueFd fd;       // keeps the image attached
    std::string path;  // "/dev/loop3"
    unsigned major = 7, minor = 0;
};

// Attaches the image `file` to a free loop device. Throws SystemError that names the file.
[[nodiscard]] LoopDevice attach_loop(const std::string& file, bool readonly);

}  // namespace lxvirt::base
