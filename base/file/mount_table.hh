// Looks up what is mounted where: the kernel's table of a mount namespace (proc_pid_mountinfo(5)),
// and the mount that a descriptor is on. Nothing here changes anything.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// One line of the table.
struct MountEntry {
    std::uint64_t id = 0, parent = 0;
    unsigned major = 0, minor = 0;  // st_dev of the file system
    std::string root;   // the part of the file system that is mounted; "/" for all of it
    std::string point;  // mount point, as the process sees it
    std::string fstype, source;
};

// Undoes the escapes of a field of mountinfo or fstab(5), where blanks and backslashes are written
// as \040 and the like.
[[nodiscard]] std::string unescape_octal(std::string_view text);
// Parses the text of a mountinfo file; lines in another form are left out.
[[nodiscard]] std::vector<MountEntry> parse_mount_table(std::string_view text);
// Returns the table of the mount namespace of process `pid`; empty where the process is gone.
[[nodiscard]] std::vector<MountEntry> mount_table(pid_t pid);

// Says where an object lies among the mounts.
struct MountPlace {
    std::uint64_t mount = 0;  // id of the mount, as in MountEntry::id
    bool is_root = false;     // whether the object is the root of that mount
};
// Asks statx(2) about `object`. Throws SystemError that names `name`.
[[nodiscard]] MountPlace mount_place(Fd object, const std::string& name);

}  // namespace lxvirt::base
