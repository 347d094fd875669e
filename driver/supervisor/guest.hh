// A running container as hot-plug sees it from outside: descriptors of its root, its namespaces and
// its /dev, all of the one process that is its init now. Nothing is ever looked up by a path of the
// container's without RESOLVE_IN_ROOT, and no program runs inside.
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

class Guest {
  public:
    // Under the domain's operation lock. Throws operation_invalid where it does not run,
    // operation_failed where its init has just ended.
    Guest(const Root& root, const std::string& name);

    [[nodiscard]] base::Fd root() const { return root_; }
    [[nodiscard]] base::Fd mounts() const { return mounts_; }
    [[nodiscard]] base::Fd network() const { return network_; }
    [[nodiscard]] base::Fd users() const { return users_; }
    [[nodiscard]] pid_t init() const { return init_; }
    [[nodiscard]] base::Fd process() const { return process_; }  // pidfd of the init

    // The tmpfs on /dev. Throws operation_failed where it is not the one that the start made.
    [[nodiscard]] base::UniqueFd dev() const;
    // Nothing in that case.
    [[nodiscard]] std::optional<base::UniqueFd> try_dev() const;
    [[nodiscard]] std::vector<base::MountEntry> mount_table() const {
        return base::mount_table(init_);
    }

  private:
    pid_t init_ = 0;
    std::optional<std::uint64_t> dev_number_;
    base::UniqueFd process_, root_, mounts_, network_, users_;
};

}  // namespace lxvirt::driver
