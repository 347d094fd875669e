// Devices as parts of a domain, of its live or its stored definition: which device a description means,
// what two devices may not share, what may change while the domain runs. Pure functions: nothing here
// touches a container.
//
// Each kind of device is one specialisation of Kind<> in kinds.hh; these functions ask it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Returns all devices of a domain, kind by kind.
[[nodiscard]] std::vector<Device> devices_of(const Domain& domain);

// Returns what people call a device: "disk vdb", "interface 52:54:00:..", "filesystem on '/data'".
[[nodiscard]] std::string device_label(const Device& device);
[[nodiscard]] const std::string& device_alias(const Device& device);
void set_device_alias(Device& device, const std::string& alias);

// Adds a device where libvirt puts it. Throws operation_failed or operation_invalid if its target, hardware
// address, mount point or the like is taken.
void add_device(Domain& domain, const Device& device);

// Returns the one device that a description means by its alias, target, hardware address or source. Throws
// device_missing or operation_failed if there is none, operation_failed naming each if there are more.
[[nodiscard]] Device find_device(const Domain& domain, const Device& wanted);
// Returns the device with an alias, or nullopt.
[[nodiscard]] std::optional<Device> find_alias(const Domain& domain, const std::string& alias);

// Returns the interface with this host's end, hardware address or name inside, or nullptr; `domain` owns it.
[[nodiscard]] const Interface* find_interface(const Domain& domain, const std::string& device);

// `found` was returned by find_device() or find_alias().
void remove_device(Domain& domain, const Device& found);
void replace_device(Domain& domain, const Device& found, const Device& with);

// Returns `have` changed into `wanted`; what a start has given it (alias, names) stays if `wanted` does not
// say it.
[[nodiscard]] Device changed_device(const Device& have, const Device& wanted);
// Throws operation_unsupported, saying what can be changed, unless the device `have` of a running container
// can become `changed`.
void check_live_change(const Device& have, const Device& changed);

}  // namespace lxvirt::xml
