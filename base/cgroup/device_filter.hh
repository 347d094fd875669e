// Restricts which device nodes a group may make and open: by the devices list of v1, or by a
// program of type BPF_PROG_TYPE_CGROUP_DEVICE on v2 (Documentation/admin-guide/cgroup-v2.rst,
// "Device controller"). Rules are in an order: of those that match, the last one decides, for each
// kind of access by itself. What no rule allows is refused. The text of the program is made apart
// from the code that loads it.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// The bits of DeviceRule::access, with the meaning of "r", "w" and "m" in
// cgroup-v1/devices.rst.
inline constexpr unsigned kDeviceRead = 4, kDeviceWrite = 2, kDeviceMknod = 1;

// Allows or denies access to a device or a range of devices.
struct DeviceRule {
    bool allow = true;
    char type = 'c';                            // 'c', 'b', or 'a' for both types
    std::optional<std::uint32_t> major, minor;  // absent: any number
    std::uint32_t access = kDeviceRead | kDeviceWrite | kDeviceMknod;

    // Says whether the rule is about every access to every device, so that no rule before it counts.
    [[nodiscard]] bool is_whole() const;
    [[nodiscard]] std::string v1_text() const;  // "c 1:3 rwm", a line of devices.allow
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("allow", self.allow);
        visit("type", self.type);
        visit("major", self.major);
        visit("minor", self.minor);
        visit("access", self.access);
    }
};

// Returns the rule for one device: all access, or all but writing.
[[nodiscard]] inline DeviceRule device_rule(char type, std::uint32_t major, std::uint32_t minor,
                                            bool readonly) {
    DeviceRule rule{.type = type, .major = major, .minor = minor};
    if (readonly) rule.access = kDeviceRead | kDeviceMknod;
    return rule;
}

// A devices list of v1 (cgroup-v1/devices.rst): either everything is refused but the exceptions, or
// everything is allowed but them.
struct DeviceList {
    bool allows_rest = false;
    std::vector<std::string> exceptions;  // sorted lines for devices.allow, or for devices.deny
};

// Returns the v1 list that means the same as `rules`. Throws Error(config_unsupported) that names
// the rule where v1 cannot express it: reading or writing one device of a wider exception. A denial
// of making nodes only is left out there, as a node without access is of no use.
[[nodiscard]] DeviceList v1_list(const std::vector<DeviceRule>& rules);

// Returns the instructions of a program that decides as `rules` do.
[[nodiscard]] std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules);

// v2: loads the program and attaches it to the group beside programs of others (BPF_F_ALLOW_MULTI).
// With `replace`, a program that we attached before is replaced in the same step (BPF_F_REPLACE).
// The program lives as long as the group; closing the returned descriptor does not detach it.
// Throws SystemError.
UniqueFd attach_device_program(Fd group, const std::vector<DeviceRule>& rules, Fd replace = Fd());

// v2: makes `rules` the only ones that hold, in one step, by replacing the program that any lxvirt
// process attached to the group before. Throws SystemError.
void replace_device_program(Fd group, const std::vector<DeviceRule>& rules);

// v1: refuses or allows everything, then writes each exception. Must be called before a group is
// made below, since the kernel answers EINVAL afterwards. `group` is the full path. Throws
// SystemError, and as v1_list() does.
void write_device_list(const std::string& group, const std::vector<DeviceRule>& rules);

// v1: brings the list of a group in use to exactly `rules`. What a parent refuses the kernel
// refuses below it at once. What is newly allowed is allowed in `inner`, too, and in those groups
// below it whose list equals that of `inner`: a group that the container has restricted itself
// stays restricted. Throws SystemError, and as v1_list() does.
void change_device_list(const std::string& group, const std::string& inner,
                        const std::vector<DeviceRule>& rules);

}  // namespace lxvirt::base
