// Looks up users and groups in the container's own /etc/passwd and /etc/group (passwd(5),
// group(5)). A static program has no name service switch, and the host's users are of no interest.
// Called inside, after pivot_root(2).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace lxvirt::helper {

// The ids and home of a program of the container.
struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  // supplementary groups
    std::string home = "/";
};

// Finds `user` and `group`, each a name, a number, or "+number", which is never looked up as a
// name. Empty means root. A user brings its own group and supplementary groups. Throws
// Error(config_unsupported) that names what is neither found nor a number.
[[nodiscard]] Identity find_identity(const std::string& user, const std::string& group,
                                     const std::string& passwd_file = "/etc/passwd",
                                     const std::string& group_file = "/etc/group");

}  // namespace lxvirt::helper
