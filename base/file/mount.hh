// Mounts through descriptors, by the mount API of Linux 5.2 (open_tree(2), fsopen(2),
// mount_setattr(2), move_mount(2)). A mount is made detached, is given its attributes, and only
// then is attached; so nobody ever sees it half made, and the same calls serve a start, which
// attaches from within init, and hot-plug, which attaches from outside. All functions throw
// SystemError; where the kernel lacks the call the error says so (base/system_call.hh).
#pragma once

#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// The attributes of a mount that is to offer no set-user-ID program, no device node and no
// executable.
inline constexpr std::uint64_t kNoSuidDevExec =
    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// Opens `path` below `root` by openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS: neither
// "..", an absolute link nor a /proc magic link leads out of `root`. EAGAIN, which a concurrent
// rename causes, is retried. `mode` counts with O_CREAT only.
[[nodiscard]] UniqueFd open_in_root(Fd root, const std::string& path, int flags, mode_t mode = 0);
// Does the same; returns nothing on ENOENT and ENOTDIR.
[[nodiscard]] std::optional<UniqueFd> try_open_in_root(Fd root, const std::string& path, int flags);

// Does the same; a symbolic link anywhere in `path` is SystemError(ELOOP).
[[nodiscard]] std::optional<UniqueFd> try_open_without_links(Fd root, const std::string& path,
                                                             int flags);

// Returns a detached copy of the mount that `object` is on, beginning at `object` (O_PATH is
// enough); with `recursive`, the mounts below it are copied too. `name` is for error messages.
// Kernels before 6.15 can copy only mounts that are attached in the caller's mount namespace.
[[nodiscard]] UniqueFd clone_mount(Fd object, bool recursive, const std::string& name);

// Holds the options of a file system by name; an empty value makes the option a flag.
using MountOptions = std::vector<std::pair<std::string, std::string>>;  // value empty = a flag

// Makes a detached mount of a new file system, or of one that the kernel shares by its source.
// `source` may be empty; `attributes` are MOUNT_ATTR_*; `superblock_readonly` makes the file system
// itself read-only, not just this mount. Errors carry the driver's own message where it gives one.
[[nodiscard]] UniqueFd make_mount(const std::string& fstype, const std::string& source,
                                  const MountOptions& options, std::uint64_t attributes,
                                  bool superblock_readonly = false);

// Describes a call of mount_setattr(2).
struct MountChange {
    std::uint64_t set = 0;          // MOUNT_ATTR_*
    std::uint64_t clear = 0;        // MOUNT_ATTR_*
    std::uint64_t propagation = 0;  // MS_SLAVE, MS_PRIVATE, ...; 0 = leave
    Fd userns = Fd();               // user namespace of the id map, with MOUNT_ATTR_IDMAP in `set`
    bool recursive = false;         // also all mounts below
};
// Changes the attributes of a mount; `name` is for error messages.
void change_mount(Fd mount, const MountChange& change, const std::string& name);

// Attaches the detached mount `mount` on top of `target` (O_PATH is enough).
void attach_mount(Fd mount, Fd target, const std::string& name);

// Unmounts what is mounted on `name` in `folder`, following no link. `flags` may have MNT_DETACH.
// Throws SystemError(EBUSY) where the mount is in use. The caller must be in the mount's namespace;
// the working folder is `folder` afterwards.
void unmount_in(Fd folder, const std::string& name, int flags);

// Moves this process into another mount namespace for a scope. Root and working folder are restored
// on the way back; where that fails the process ends, since it would go on with the container's
// files in place of the host's. Code in the scope works from descriptors, because every path is the
// other namespace's.
class InMountNamespace {
  public:
    explicit InMountNamespace(Fd target);
    ~InMountNamespace();
    InMountNamespace(const InMountNamespace&) = delete;
    InMountNamespace& operator=(const InMountNamespace&) = delete;

  private:
    UniqueFd home_, root_, folder_;
};

// Makes the missing folders of `path` below `root`; each step is resolved inside `root`.
void make_folders_in_root(Fd root, const std::string& path, mode_t mode = 0755);

}  // namespace lxvirt::base
