// Users and groups by the container's own /etc/passwd and /etc/group, read by a parser of ours: the
// static binary has no NSS (passwd(5), group(5)). Called inside, after pivot_root.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace lxvirt::helper {

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  // supplementary
    std::string home = "/";
};

// `user` and `group`: a name, a number, or "+number" (never looked up as a name). Empty = root.
// Throws Error naming what is not there.
[[nodiscard]] Identity find_identity(const std::string& user, const std::string& group,
                                     const std::string& passwd_file = "/etc/passwd",
                                     const std::string& group_file = "/etc/group");

}  // namespace lxvirt::helper
