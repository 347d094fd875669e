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
#include "driver/supervisor/control.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::UniqueFd;

// Returns the name in /dev of the console on `port`: consoles count from 0, terminals from 1.
std::string tty_name(unsigned port) {
    return fmt::format("tty{}", port + 1);
}

bool is_of(base::Fd fd, long type) {
    struct statfs facts {};
    return ::fstatfs(fd.get(), &facts) == 0 && facts.f_type == type;
}

// Opens the container's devpts. Throws operation_failed if anything else is on its /dev/pts.
UniqueFd open_devpts(const Guest& guest) {
    auto devpts = base::try_open_in_root(guest.dev(), "pts", O_PATH | O_DIRECTORY);
    if (!devpts || !is_of(*devpts, DEVPTS_SUPER_MAGIC))
        base::fail(ErrorCode::operation_failed,
                   "the container has replaced or unmounted its /dev/pts: it can get no console");
    return std::move(*devpts);
}

// Opens the slave of `pty` by its name in the container's devpts, as a thing that can be bound. The
// container may have mounted something else on the name; operation_failed is thrown then.
UniqueFd open_bindable_slave(const Guest& guest, const base::Pty& pty) {
    const UniqueFd peer = base::open_slave(pty.master);
    UniqueFd named =
        base::open_in_root(open_devpts(guest), std::to_string(pty.number), O_PATH | O_NOFOLLOW);
    struct stat wanted {
    }, found{};
    if (::fstat(peer.get(), &wanted) != 0 || ::fstat(named.get(), &found) != 0)
        base::fail_errno("stat a terminal of the container");
    if (wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino)
        base::fail(ErrorCode::operation_failed,
                   "the container has mounted something on its '/dev/pts/{}'", pty.number);
    return named;
}

}  // namespace

helper::InnerDev open_inner_dev(const Root& root, const std::string& name) {
    helper::Request request;
    request.kind = helper::RequestKind::open_dev;
    try {
        const UniqueFd whole = connect_running(root, name).request(request);
        if (!whole || !is_of(whole, TMPFS_MAGIC))
            base::fail(ErrorCode::internal_error, "lxc_helper gave no file system for /dev");
        return helper::InnerDev(whole);
    } catch (const NoAnswer& error) {
        if (error.code() != ErrorCode::operation_unsupported) throw;
        base::fail(ErrorCode::operation_failed,
                   "this container was started by an older lxvirt, which changed a container's "
                   "/dev in an unsafe way: restart the container to attach or detach devices");
    }
}

// Opens ptmx through a copy of the mount, which nothing that the container mounts on it can reach,
// and the slave without a name.
base::Pty open_inner_pty(const Guest& guest, const xml::Domain& domain) {
    const UniqueFd devpts = open_devpts(guest);
    UniqueFd copy;
    {
        const base::InMountNamespace inside(guest.mounts());
        copy = base::clone_mount(devpts, false, "/dev/pts");
    }
    base::Pty pty = base::open_pty(copy, "the container");
    base::own_slave(pty.master, compile::host_id(domain.idmap.uids, 0),
                    compile::host_id(domain.idmap.gids, 5));
    return pty;
}

void bind_console(const Guest& guest, const xml::Domain& domain, const helper::InnerDev& dev,
                  const base::Pty& pty, unsigned port) {
    const std::string name = tty_name(port);
    const UniqueFd slave = open_bindable_slave(guest, pty);
    dev.make_file(name, compile::host_id(domain.idmap.uids, 0),
                  compile::host_id(domain.idmap.gids, 0));
    const UniqueFd target = base::open_in_root(guest.dev(), name, O_PATH | O_NOFOLLOW);
    const base::InMountNamespace inside(guest.mounts());
    base::attach_mount(base::clone_mount(slave, false, name), target, "/dev/" + name);
}

void unbind_console(const Guest& guest, const helper::InnerDev& dev, unsigned port) {
    const std::string name = tty_name(port);
    // A container that has hidden its /dev has hidden the terminal, too.
    if (const auto seen = guest.try_dev()) {
        bool bound = false;
        if (const auto place = base::try_open_in_root(*seen, name, O_PATH | O_NOFOLLOW))
            bound = base::mount_place(*place, name).is_root;
        // A program may have the terminal open, which does not keep it: the program reads end of
        // file. The kernel refuses to unmount what the container itself could not unmount.
        if (bound) {
            const base::InMountNamespace inside(guest.mounts());
            base::unmount_in(*seen, name, MNT_DETACH);
        }
    }
    dev.remove_file(name);
}

}  // namespace lxvirt::driver
