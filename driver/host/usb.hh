// USB devices of the host, as sysfs shows them.
#pragma once

#include <string>
#include <vector>

#include "xml/domain/device.hh"

namespace lxvirt::driver {

// The device files (below /dev) of the one device that `source` names by bus and number, or by
// vendor and product: its own under /dev/bus/usb, and those of the disks, terminals and the like
// that it offers. Throws config_unsupported where it is none or more than one. `folder` is
// /sys/bus/usb/devices but in tests.
[[nodiscard]] std::vector<std::string> usb_device_files(
    const xml::UsbSource& source, const std::string& folder = "/sys/bus/usb/devices");

}  // namespace lxvirt::driver
