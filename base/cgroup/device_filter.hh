// Which device nodes a group may open: the v1 devices list, or a BPF_PROG_TYPE_CGROUP_DEVICE
// program on v2 (Documentation/admin-guide/cgroup-v2.rst, "Device controller"). Everything not
// listed is refused. The program's text is made apart from what loads it.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

inline constexpr unsigned kDeviceRead = 4, kDeviceWrite = 2, kDeviceMknod = 1;

struct DeviceRule {
    char type = 'c';                            // 'c', 'b', or 'a' for both
    std::optional<std::uint32_t> major, minor;  // absent = any
    std::uint32_t access = kDeviceRead | kDeviceWrite | kDeviceMknod;

    [[nodiscard]] std::string v1_text() const;  // "c 1:3 rwm"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("type", self.type);
        visit("major", self.major);
        visit("minor", self.minor);
        visit("access", self.access);
    }
};

// For one device, all access or all but writing.
[[nodiscard]] inline DeviceRule device_rule(char type, std::uint32_t major, std::uint32_t minor,
                                            bool readonly) {
    DeviceRule rule{.type = type, .major = major, .minor = minor};
    if (readonly) rule.access = kDeviceRead | kDeviceMknod;
    return rule;
}

// The lines of a v1 devices list that mean the same, sorted.
[[nodiscard]] std::vector<std::string> v1_lines(const std::vector<DeviceRule>& rules);

// The instructions that allow what `rules` allow and refuse the rest.
[[nodiscard]] std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules);

// v2: loads the program and attaches it to the group, beside what others attached
// (BPF_F_ALLOW_MULTI). With `replace`, the one that we attached before goes in the same step
// (BPF_F_REPLACE). Throws SystemError.
UniqueFd attach_device_program(Fd group, const std::vector<DeviceRule>& rules, Fd replace = Fd());

// Makes `rules` the ones that hold, in one step, in place of the program that an
// attach_device_program() of whichever process left at the group.
void replace_device_program(Fd group, const std::vector<DeviceRule>& rules);

// v1: refuses all, then allows each. Must come before groups are made below (EINVAL after).
void write_device_list(const std::string& group, const std::vector<DeviceRule>& rules);

// v1: brings the list of a group in use to exactly `rules`. What is refused is refused below at
// once; what is allowed is allowed in `inner`, too, and in those groups below it that allow just
// what `inner` does.
void change_device_list(const std::string& group, const std::string& inner,
                        const std::vector<DeviceRule>& rules);

}  // namespace lxvirt::base
