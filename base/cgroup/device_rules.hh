// The device rules of a container's groups, by whichever means the host has: a BPF program in the
// v2 tree, which needs no controller there, else the devices list of v1. Paths are relative to the
// hierarchies' mount points.
#pragma once

#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_filter.hh"

namespace lxvirt::base {

// Sets the rules at a start, before any group exists below `outer`. Throws
// Error(config_unsupported) where the host has neither means, SystemError otherwise.
void write_device_rules(const std::vector<Hierarchy>& all, const std::string& outer,
                        const std::vector<DeviceRule>& rules);

// Makes exactly `rules` hold while processes run in `inner`. Throws as write_device_rules() does.
void change_device_rules(const std::vector<Hierarchy>& all, const std::string& outer,
                         const std::string& inner, const std::vector<DeviceRule>& rules);

}  // namespace lxvirt::base
