// Devices as parts of a definition, whether the live or the stored one: how one is called, which of
// a domain's devices a description means, what must be unlike, what may be changed. Nothing here
// touches a container; driver/device/plug.hh does.
//
// Each kind of device is one specialisation of Kind<> in device.cc; these functions ask it.
#pragma once

#include <optional>
#include <string>

#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// "disk vdb", "interface 52:54:00:..", "filesystem on '/data'": for messages.
[[nodiscard]] std::string device_label(const xml::Device& device);
[[nodiscard]] const std::string& device_alias(const xml::Device& device);
void set_device_alias(xml::Device& device, const std::string& alias);

// Adds it where libvirt puts it. Throws operation_failed or operation_invalid where a target, mac,
// mount point or the like is taken.
void add_device(xml::Domain& domain, const xml::Device& device);

// The one device that a description means, found by what it says of alias, target, mac or address.
// Throws device_missing or operation_failed where there is none, operation_failed naming each where
// there are more.
[[nodiscard]] xml::Device find_device(const xml::Domain& domain, const xml::Device& wanted);
// Nothing where none has the alias.
[[nodiscard]] std::optional<xml::Device> find_alias(const xml::Domain& domain,
                                                    const std::string& alias);

// `found` is what one of the two above returned.
void remove_device(xml::Domain& domain, const xml::Device& found);
void replace_device(xml::Domain& domain, const xml::Device& found, const xml::Device& with);

// `have` as `wanted` describes it, which keeps what is given at a start (alias, names) where it
// says nothing of it.
[[nodiscard]] xml::Device changed_device(const xml::Device& have, const xml::Device& wanted);
// Throws operation_unsupported, saying what can be changed, unless a running container's device
// `have` can become `changed`.
void check_live_change(const xml::Device& have, const xml::Device& changed);

}  // namespace lxvirt::driver
