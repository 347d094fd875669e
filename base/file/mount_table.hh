// What is mounted where: the kernel's table of one mount namespace (proc_pid_mountinfo(5)), and
// which mount a descriptor is on. Nothing here changes anything.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

struct MountEntry {
    std::uint64_t id = 0, parent = 0;
    unsigned major = 0, minor = 0;  // st_dev of what is on it
    std::string root;               // which part of the file system, "/" for all of it
    std::string point;              // where, as the process sees it
    std::string fstype, source;
};

// A field of such a table, or of fstab(5): blanks and backslashes stand as \040 and the like.
[[nodiscard]] std::string unescape_octal(std::string_view text);
[[nodiscard]] std::vector<MountEntry> parse_mount_table(std::string_view text);
// Of the process's namespace; empty where it is gone.
[[nodiscard]] std::vector<MountEntry> mount_table(pid_t pid);

struct MountPlace {
    std::uint64_t mount = 0;  // id of the mount that the object is on, as the table has it
    bool is_root = false;     // the object is what is mounted
};
// statx(2). Throws SystemError naming `name`.
[[nodiscard]] MountPlace mount_place(Fd object, const std::string& name);

}  // namespace lxvirt::base
