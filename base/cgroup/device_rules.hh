// The device rules of a container's groups, by whichever means this host has: a BPF program in the
// v2 tree, which works whatever controllers that has, else the v1 devices list.
#pragma once

#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_filter.hh"

namespace lxvirt::base {

// At a start, before there is a group below `outer`. Throws config_unsupported where the host has
// neither means, SystemError otherwise.
void write_device_rules(const std::vector<Hierarchy>& all, const std::string& outer,
                        const std::vector<DeviceRule>& rules);

// While processes run in `inner`: from then on exactly `rules` hold.
void change_device_rules(const std::vector<Hierarchy>& all, const std::string& outer,
                         const std::string& inner, const std::vector<DeviceRule>& rules);

}  // namespace lxvirt::base
