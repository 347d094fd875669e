// Mounts through descriptors: the kernel's new mount API (open_tree(2), fsopen(2),
// mount_setattr(2), move_mount(2)). A mount is made detached, given its attributes, and only then
// attached, so nothing is ever visible half made, and the same calls serve the start (from init)
// and hot-plug (from outside).
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

inline constexpr std::uint64_t kNoSuidDevExec =
    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// openat2(2) with RESOLVE_IN_ROOT below `root`, retried on EAGAIN (a rename raced with the walk):
// neither "..", nor an absolute link, nor a /proc magic link leads out. Throws SystemError.
[[nodiscard]] UniqueFd open_in_root(Fd root, const std::string& path, int flags, mode_t mode = 0);
// Nothing on ENOENT and ENOTDIR.
[[nodiscard]] std::optional<UniqueFd> try_open_in_root(Fd root, const std::string& path, int flags);

// Likewise, but a symbolic link anywhere in `path` is ELOOP.
[[nodiscard]] std::optional<UniqueFd> try_open_without_links(Fd root, const std::string& path,
                                                             int flags);

// A detached copy of the mount at `object` (O_PATH is enough), with what is mounted below it where
// `recursive`; `name` is for errors. Kernels
// before 6.15 clone only what is attached in the caller's mount namespace.
[[nodiscard]] UniqueFd clone_mount(Fd object, bool recursive, const std::string& name);

using MountOptions = std::vector<std::pair<std::string, std::string>>;  // value empty = a flag

// A new, detached mount of a new (or shared) file system. `attributes`: MOUNT_ATTR_*. Errors carry
// the kernel's own message where it gives one. `source` may be empty.
[[nodiscard]] UniqueFd make_mount(const std::string& fstype, const std::string& source,
                                  const MountOptions& options, std::uint64_t attributes,
                                  bool superblock_readonly = false);

struct MountChange {
    std::uint64_t set = 0;          // MOUNT_ATTR_*
    std::uint64_t clear = 0;        // MOUNT_ATTR_*
    std::uint64_t propagation = 0;  // MS_SLAVE, MS_PRIVATE, ...; 0 = leave
    Fd userns = Fd();               // with MOUNT_ATTR_IDMAP in `set`
    bool recursive = false;
};
void change_mount(Fd mount, const MountChange& change, const std::string& name);

// Attaches a detached mount on the object `target` (O_PATH).
void attach_mount(Fd mount, Fd target, const std::string& name);

// Takes away the mount on `name` in `folder`; no link is followed. `flags`: MNT_DETACH. Throws
// SystemError(EBUSY) where it is in use. The caller is in the mount's namespace, and its working
// folder changes.
void unmount_in(Fd folder, const std::string& name, int flags);

// This process in another mount namespace, for a scope. Its root and working folder are those of
// before when it is back: a way back that fails ends the process. What is done inside goes from
// descriptor to descriptor, since every path is the other namespace's.
class InMountNamespace {
  public:
    explicit InMountNamespace(Fd target);
    ~InMountNamespace();
    InMountNamespace(const InMountNamespace&) = delete;
    InMountNamespace& operator=(const InMountNamespace&) = delete;

  private:
    UniqueFd home_, root_, folder_;
};

// Makes the folders of `path` below `root` that are missing, each step resolved inside `root`.
void make_folders_in_root(Fd root, const std::string& path, mode_t mode = 0755);

}  // namespace lxvirt::base
