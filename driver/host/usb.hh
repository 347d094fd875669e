// Finds USB devices of the host through sysfs.
#pragma once

#include <string>
#include <vector>

#include "xml/domain/device.hh"

namespace lxvirt::driver {

// Returns the device files (below /dev) of the one device that `source` names by bus and number, or
// by vendor and product: its own in /dev/bus/usb, and those of the disks, terminals and the like
// that it offers. Throws Error(config_unsupported) where no device, or more than one, is meant.
// `folder` differs in tests only.
[[nodiscard]] std::vector<std::string> usb_device_files(
    const xml::UsbSource& source, const std::string& folder = "/sys/bus/usb/devices");

}  // namespace lxvirt::driver
