// Policy files of lxc (lxc.container.conf(5), "SECCOMP CONFIGURATION"), named by
// <lx:seccomp profile='FILE'>. Version 1 is a list of the numbers of allowed calls; version 2 has a
// policy, sections of architectures, and lines of calls with actions and conditions on arguments.
// As with lxc the profile is all that is filtered: it takes the place of lxvirt's own deny list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process/seccomp.hh"

namespace lxvirt::driver {

struct SeccompProfile {
    base::SeccompPolicy policy;
    std::vector<std::string> log_lines;  // FILE:LINE: what was passed over, and why
};

// Throws Error(config_unsupported) that begins with FILE:LINE and says what would be right.
[[nodiscard]] SeccompProfile parse_seccomp_profile(std::string_view text, const std::string& file);

}  // namespace lxvirt::driver
