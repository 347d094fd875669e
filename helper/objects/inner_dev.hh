// The tmpfs of a container's /dev, as host root changes it: at a start (helper/prepare.hh) and
// while the container runs (driver/device/plug.hh). Linked into both programs.
//
// The container's root can rename, link, mount and unmount everything that it can name, at any
// moment. So the tmpfs has two folders, and the container gets a copy of the mount that begins at
// the first one, as its /dev:
//
//   c   what the container sees
//   p   mode 0700; a node gets its type, owner and mode here, and is then renamed into `c`;
//       the FIFO that stands for /proc/kmsg stays here
//
// Host root works through a mount of the whole tmpfs that is attached nowhere. Nothing that the
// container mounts shows there, no name in `p` can be reached from inside, and all names in `c` are
// names of this one tmpfs. No link is followed.
#pragma once

#include <string>

#include "base/fd.hh"
#include "helper/exchange/plan.hh"

namespace lxvirt::helper {

class InnerDev {
  public:
    // Makes the two folders in the new, empty tmpfs `whole`; `c` gets the mode 0755 and the owner.
    // Throws SystemError.
    static void set_up(base::Fd whole, uid_t uid, gid_t gid);
    // Opens the folders of a tmpfs that set_up() has prepared, and removes what a killed process
    // left in `p`. `whole` may be closed afterwards. Throws SystemError.
    explicit InnerDev(base::Fd whole);

    // The folder that the container sees; borrowed.
    [[nodiscard]] base::Fd shown() const { return shown_; }

    // Makes the node, and the folders on the way to it. The folders and the node belong to node.uid
    // and node.gid. Throws SystemError, EEXIST where something has the name already; then nothing
    // has changed.
    void make_node(const DeviceNode& node) const;
    // Removes the node, then the folders on the way to it that are empty. Anything else of that
    // name stays, because the container has put it there. Throws SystemError.
    void remove_node(const DeviceNode& node) const;

    // Makes an empty file with mode 0600 in the shown folder, for a terminal to be mounted on.
    // Throws SystemError.
    void make_file(const std::string& name, uid_t uid, gid_t gid) const;
    // Removes that file; does nothing where there is none. Throws SystemError.
    void remove_file(const std::string& name) const;

    // Makes a FIFO in the private folder, for a file of the kernel to be hidden by; it belongs to
    // uid and gid, who alone may read it. Returns it open for reading and writing: as long as
    // somebody holds it so, a read waits for ever. Throws SystemError.
    [[nodiscard]] base::UniqueFd make_quiet(uid_t uid, gid_t gid) const;
    // Opens that FIFO with O_PATH. Throws SystemError.
    [[nodiscard]] base::UniqueFd quiet() const;

  private:
    [[nodiscard]] base::UniqueFd make_step(base::Fd folder, const std::string& name,
                                           const DeviceNode& node) const;
    void publish(const char* made, base::Fd folder, const std::string& name,
                 const std::string& path) const;

    base::UniqueFd shown_, private_;
};

}  // namespace lxvirt::helper
