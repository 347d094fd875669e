// A mount point in a running container, found and, where it is missing, made by a process that is
// the container's root.
#pragma once

#include <string>

#include "base/fd.hh"
#include "driver/supervisor/guest.hh"

namespace lxvirt::driver {

// The container's root may exchange each name of the path at any moment, and no call of the kernel
// removes a file by its descriptor. So host root neither makes nor removes a name there. A child
// of this process enters the container's user and mount namespaces, gives up all rights that the
// container's root does not have, makes the mount point, and waits: what the container is refused,
// the child is refused.
class MountPoint {
  public:
    // Opens `path` of the container: a folder if `folder`, else a file. What is missing of it is
    // made. Throws SystemError, ENOTDIR or EISDIR if something of the other kind is there, and
    // operation_timeout if a file system of the container does not answer for 10 s.
    MountPoint(const Guest& guest, const std::string& path, bool folder);
    // Removes the last part of the path if it was made, is unchanged and nothing is mounted there,
    // unless keep() was called. A kill of this process does the same.
    ~MountPoint();
    MountPoint(const MountPoint&) = delete;
    MountPoint& operator=(const MountPoint&) = delete;

    // An O_PATH descriptor; borrowed.
    [[nodiscard]] base::Fd fd() const { return fd_; }
    void keep();

  private:
    void end() noexcept;

    base::UniqueFd channel_, child_, fd_;
};

}  // namespace lxvirt::driver
