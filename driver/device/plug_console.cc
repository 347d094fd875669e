// The container's end of a console that is attached or detached while the container runs: a pty in
// the container's own devpts, bound on /dev/ttyN, as a start does it.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/device/plug_parts.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver {

namespace {

using base::UniqueFd;

// Returns the name in /dev of the console on `port`: consoles count from 0, terminals from 1.
std::string tty_name(unsigned port) {
    return fmt::format("tty{}", port + 1);
}

// Opens the container's devpts. Throws operation_failed if anything else is on its /dev/pts.
UniqueFd open_devpts(const Guest& guest) {
    auto devpts = base::try_open_in_root(guest.dev(), "pts", O_PATH | O_DIRECTORY);
    struct statfs facts {};
    if (!devpts || ::fstatfs(devpts->get(), &facts) != 0 || facts.f_type != DEVPTS_SUPER_MAGIC)
        base::fail(base::ErrorCode::operation_failed,
                   "the container has replaced or unmounted its /dev/pts: it can get no console");
    return std::move(*devpts);
}

}  // namespace

base::Pty open_inner_pty(const Guest& guest, const xml::Domain& domain) {
    const UniqueFd devpts = open_devpts(guest);
    base::Pty pty = base::open_pty(devpts, "the container");
    const std::string number = std::to_string(pty.number);
    if (::fchownat(devpts.get(), number.c_str(), compile::host_id(domain.idmap.uids, 0),
                   compile::host_id(domain.idmap.gids, 5), AT_SYMLINK_NOFOLLOW) != 0)
        base::fail_errno("chown the container's '/dev/pts/{}'", number);
    return pty;
}

void bind_console(const Guest& guest, const xml::Domain& domain, base::Fd dev, const base::Pty& pty,
                  unsigned port) {
    const std::string name = tty_name(port);
    const UniqueFd place(::openat(dev.get(), name.c_str(),
                                  O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!place || ::fchown(place.get(), compile::host_id(domain.idmap.uids, 0),
                           compile::host_id(domain.idmap.gids, 0)) != 0)
        base::fail_errno("make '/dev/{}'", name);
    const UniqueFd slave =
        base::open_in_root(open_devpts(guest), std::to_string(pty.number), O_PATH | O_NOFOLLOW);
    const UniqueFd target = base::open_in_root(dev, name, O_PATH | O_NOFOLLOW);
    const base::InMountNamespace inside(guest.mounts());
    base::attach_mount(base::clone_mount(slave, false, name), target, "/dev/" + name);
}

void unbind_console(const Guest& guest, unsigned port, bool lazily) {
    const std::string name = tty_name(port);
    std::optional<UniqueFd> dev = guest.try_dev();
    if (!dev && lazily) return;
    if (!dev) dev = guest.dev();
    bool bound = false;
    if (const auto place = base::try_open_in_root(*dev, name, O_PATH | O_NOFOLLOW))
        bound = base::mount_place(*place, name).is_root;
    if (bound) {
        // A program may have the terminal open, which does not keep it: the program reads end of
        // file.
        const base::InMountNamespace inside(guest.mounts());
        base::unmount_in(*dev, name, MNT_DETACH);
    }
    if (::unlinkat(dev->get(), name.c_str(), 0) != 0 && errno != ENOENT)
        base::fail_errno("remove '/dev/{}'", name);
}

}  // namespace lxvirt::driver
