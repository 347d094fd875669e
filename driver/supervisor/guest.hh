// The way into a running container: its init, and descriptors of the init's root, namespaces and
// /dev. Everything that host programs do in a container begins here. The init is known by its pid
// and its start time (helper/exchange/status.hh) and is held by a pidfd, so that no other process
// of that number is ever taken for it. No path of the container is looked up without
// RESOLVE_IN_ROOT (openat2(2)), so a link inside cannot lead out, and no program runs inside.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "base/file/mount.hh"
#include "base/file/mount_table.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// The init of a running container.
struct Init {
    pid_t pid = 0;                     // in the host's pid namespace
    base::UniqueFd process;            // a pidfd
    std::optional<std::uint64_t> dev;  // st_dev of the container's /dev, as the start made it
};
// Throws operation_invalid if the domain does not run, operation_failed if its init has just ended.
[[nodiscard]] Init open_init(const Root& root, const std::string& name);

// Says whether `space` is this process's own namespace of that kind, which has the name `kind` in
// /proc/self/ns. Throws SystemError.
[[nodiscard]] bool is_own_namespace(base::Fd space, const std::string& kind);

// The open descriptors of one container. They stay good after the container's end, when they lead
// to what is left of it.
class Guest {
  public:
    // Opens the container. Throws as open_init() does. A caller that changes anything through it
    // holds the domain's operation lock.
    Guest(const Root& root, const std::string& name);

    // These borrow: the descriptors live as long as this object. root() is an O_PATH descriptor,
    // the others are namespaces.
    [[nodiscard]] base::Fd root() const { return root_; }
    [[nodiscard]] base::Fd mounts() const { return mounts_; }
    [[nodiscard]] base::Fd network() const { return network_; }
    [[nodiscard]] base::Fd users() const { return users_; }
    [[nodiscard]] base::Fd host_name() const { return host_name_; }  // the UTS namespace
    [[nodiscard]] pid_t init() const { return init_.pid; }
    [[nodiscard]] base::Fd process() const { return init_.process; }  // a pidfd of the init

    // Returns the tmpfs on /dev. Throws operation_failed if it is not the one that the start made.
    [[nodiscard]] base::UniqueFd dev() const;
    // Returns the same, or nullopt instead of throwing.
    [[nodiscard]] std::optional<base::UniqueFd> try_dev() const;
    // Returns the mounts as the init sees them.
    [[nodiscard]] std::vector<base::MountEntry> mount_table() const {
        return base::mount_table(init_.pid);
    }

  private:
    Init init_;
    base::UniqueFd root_, mounts_, network_, users_, host_name_;
};

}  // namespace lxvirt::driver
