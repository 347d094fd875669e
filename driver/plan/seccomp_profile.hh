// Reads seccomp policies of lxc (lxc.container.conf(5), "SECCOMP CONFIGURATION"), which <lx:seccomp
// profile='FILE'> names. Version 1 is a list of numbers of allowed calls. Version 2 has a policy,
// sections for architectures, and lines that give a call, an action, and conditions on arguments.
// As with lxc, such a profile replaces the default filter altogether.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process/seccomp.hh"

namespace lxvirt::driver {

// The result of reading a profile.
struct SeccompProfile {
    base::SeccompPolicy policy;
    std::vector<std::string> log_lines;  // "FILE:LINE: ..." for each line that has no effect
};

// Parses the text of the profile in `file`. Throws Error(config_unsupported) that begins with
// FILE:LINE and says what would be right.
[[nodiscard]] SeccompProfile parse_seccomp_profile(std::string_view text, const std::string& file);

}  // namespace lxvirt::driver
