// Three dangers shape the order of steps here.
//
// A kernel with user namespaces allows a new proc or sysfs only while a fully visible one is
// mounted (mount_namespaces(7)), so those are made before the old root goes.
//
// A volume or image that the container controls may hold links that lead elsewhere, at any time.
// Therefore the kernel's own file systems and /dev are attached first and through no link; files
// that are to be protected or hidden in them are found from the descriptors of those very mounts;
// and only then is attached what the domain brings (CVE-2019-19921, CVE-2025-31133, CVE-2025-52565,
// CVE-2025-52881).
//
// Closing the last descriptor of a mount that is attached nowhere waits for an RCU grace period,
// some milliseconds. The mount of the helper's own program is therefore attached to the old root
// just before that goes.

#include "helper/filesystem.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/uninterrupted.hh"
#include "helper/objects/devices.hh"
#include "helper/objects/hooks.hh"

namespace lxvirt::helper {

namespace {

using base::Fd;
using base::UniqueFd;

// Attaches the mount that the helper's program was executed from to the root that is about to go.
// Otherwise whoever closes its last descriptor would wait for RCU a second time.
void attach_image(Fd image) {
    if (!image.valid()) return;
    const UniqueFd place = base::open_quietly("/dev/null", O_PATH);
    // A missing /dev/null only makes the end of the mount slower.
    if (place) base::attach_mount(image, place, "/dev/null");
}

// Ends the propagation of mounts to the host.
void leave_propagation() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        base::fail_errno("cut the mounts off from the host's");
}

// Makes the new root, which is attached somewhere, the root of this process, and unmounts the old
// one (pivot_root(2), "pivot_root(".", ".")"). From then on every path is the container's: no link
// in it leads out.
void enter_root(Fd root, const std::string& source) {
    if (::fchdir(root.get()) != 0) base::fail_errno("enter the root '{}'", source);
    if (::syscall(SYS_pivot_root, ".", ".") != 0) base::fail_errno("make '{}' the root", source);
    // The old root is now mounted on top of the new one at ".". It is made a slave first, so that
    // nothing of the host is unmounted with it.
    if (::mount(nullptr, ".", nullptr, MS_REC | MS_SLAVE, nullptr) != 0 ||
        ::umount2(".", MNT_DETACH) != 0)
        base::fail_errno("let go of the host's root");
    if (::chdir("/") != 0) base::fail_errno("change to the new root");
}

// Carries out the plan's mounts.
class Builder {
  public:
    Builder(const Plan& plan, const Prepared& prepared, const MadeGroups& groups,
            const std::function<void(std::string_view)>& run_hooks)
        : plan_(plan), prepared_(prepared), groups_(groups), run_hooks_(run_hooks) {}

    void build() {
        // With a user namespace the kernel allows a new proc or sysfs only while a full one is
        // visible (mount_namespaces(7)), so they are made before the old root goes.
        for (const Mount& mount : plan_.mounts)
            fresh_.push_back(mount.kind == MountKind::fresh ? fresh_if_possible(mount)
                                                            : UniqueFd());
        write_sysctls();
        const Mount& root = plan_.mounts.front();
        leave_propagation();
        const bool staged = !plan_.hooks.stage.empty();
        // Hooks see the old root with the host's own /dev/null.
        if (!staged) attach_image(prepared_.image);
        cut_dev(staged);
        if (staged)
            stage_root();
        else
            attach_on_root();
        for (std::size_t i = 1; i < plan_.mounts.size(); ++i) attach_if_possible(i);
        if (staged) {
            run_hooks_("mount");
            run_hooks_("autodev");
            attach_image(prepared_.image);
            enter_root(root_, root.source);
        }
        const std::uint64_t attributes = root.locked ? 0 : root.attributes;
        if (attributes == 0 && root.propagation == 0) return;
        root_ = base::open_file("/", O_PATH | O_DIRECTORY);
        base::change_mount(root_, {.set = attributes, .propagation = root.propagation}, "/");
    }

  private:
    // Makes the container's /dev: a copy of the mount of its tmpfs that begins at the folder which
    // the container may see. Kernels before 6.15 copy only a mount that is attached in the caller's
    // namespace, so the whole is attached for this moment. It goes with the old root, by whose paths
    // nothing is opened from here on; with hooks, which see the old root, it goes at once.
    void cut_dev(bool staged) {
        const std::string folder = staged ? plan_.hooks.stage : "/proc";
        base::attach_mount(prepared_.dev_whole, base::open_file(folder, O_PATH | O_DIRECTORY),
                           folder);
        dev_ = base::clone_mount(prepared_.dev->shown(), false, "/dev");
        if (prepared_.quiet)
            quiet_ = base::clone_mount(prepared_.dev->quiet(), false, "the FIFO of /proc/kmsg");
        if (staged && ::umount2(folder.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
            base::fail_errno("unmount '{}'", folder);
    }

    // Attaches the root on top of the old one, which takes no folder for it.
    void attach_on_root() {
        const UniqueFd old = base::open_file("/", O_PATH | O_DIRECTORY);
        base::attach_mount(prepared_.host_mounts.front(), old, "/");
        enter_root(prepared_.host_mounts.front(), plan_.mounts.front().source);
        root_ = base::open_file("/", O_PATH | O_DIRECTORY);
    }

    // Attaches the root where hooks can find it. If there are pre-mount hooks, its tree is taken
    // after they ran, so that it has what they mounted on the source.
    void stage_root() {
        const Mount& root = plan_.mounts.front();
        run_hooks_("pre-mount");
        UniqueFd made;
        if (root.kind == MountKind::host_bind && has_hook(plan_.hooks, "pre-mount")) {
            made = open_mount(root, root.source);
            writable_root_ = open_writable_root(root);
        }
        const Fd tree = made ? Fd(made) : Fd(prepared_.host_mounts.front());
        const UniqueFd place = base::open_file(plan_.hooks.stage, O_PATH | O_DIRECTORY);
        base::attach_mount(tree, place, plan_.hooks.stage);
        root_ = base::open_file(plan_.hooks.stage, O_PATH | O_DIRECTORY);
    }

    // Writes the kernel settings through the new proc, which is attached nowhere yet: nothing can
    // be mounted over a file of it (CVE-2025-52881), and no part of it is write-protected so far.
    // The files of /proc/sys act on the namespaces of whoever opens them.
    void write_sysctls() {
        if (plan_.init.sysctls.empty()) return;
        for (std::size_t i = 0; i < plan_.mounts.size(); ++i) {
            if (!fresh_[i].valid() || plan_.mounts[i].fstype != "proc") continue;
            for (const KeyValue& setting : plan_.init.sysctls) {
                const auto file =
                    base::try_open_without_links(fresh_[i], "sys/" + setting.key, O_WRONLY);
                if (!file || ::write(file->get(), setting.value.data(), setting.value.size()) < 0)
                    base::fail_errno("set the kernel setting '{}' to '{}'", setting.key,
                                     setting.value);
            }
            return;
        }
    }

    // lxc's "optional" forgives whatever keeps a mount from being made.
    static UniqueFd fresh_if_possible(const Mount& mount) {
        try {
            return make_fresh(mount);
        } catch (const base::Exception&) {
            if (!mount.optional) throw;
            return {};
        }
    }
    void attach_if_possible(std::size_t index) {
        try {
            attach(index);
        } catch (const base::Exception&) {
            if (!plan_.mounts[index].optional) throw;
        }
    }

    void attach(std::size_t index) {
        const Mount& mount = plan_.mounts[index];
        switch (mount.kind) {
            case MountKind::host_bind:
            case MountKind::device:
                if (prepared_.host_mounts[index]) place(prepared_.host_mounts[index], mount);
                break;
            case MountKind::fresh:
                if (fresh_[index]) place(fresh_[index], mount);
                break;
            case MountKind::inner_bind: bind_inner(mount); break;
            case MountKind::dev: attach_dev(mount); break;
            case MountKind::protect: protect(mount); break;
            case MountKind::mask: hide(mount); break;
            case MountKind::quiet: keep_waiting(mount); break;
            case MountKind::groups: attach_groups(mount); break;
        }
    }

    static bool is_folder(Fd fd) {
        struct stat info {};
        if (::fstat(fd.get(), &info) != 0) base::fail_errno("stat a mount");
        return S_ISDIR(info.st_mode);
    }

    // Returns the root in which names can be made though the container's is locked; else nothing.
    [[nodiscard]] Fd writable_root() const {
        return writable_root_ ? Fd(writable_root_) : Fd(prepared_.writable_root);
    }

    static void make_target(Fd root, const Mount& mount, bool folder) {
        if (folder) return base::make_folders_in_root(root, mount.target);
        base::make_folders_in_root(root, base::parent_folder(mount.target));
        const UniqueFd file =
            base::open_in_root(root, mount.target, O_CREAT | O_WRONLY | O_NOFOLLOW, 0644);
    }

    // Returns the mount point, and makes it where it is missing: a folder for a folder, else an
    // empty file. With `no_links`, for the kernel's own file systems, a target that is reached
    // through a link is refused (CVE-2019-19921); the steps that follow rely on that.
    std::optional<UniqueFd> target_of(const Mount& mount, bool folder) {
        const auto look = [&] {
            return mount.no_links ? base::try_open_without_links(root_, mount.target, O_PATH)
                                  : base::try_open_in_root(root_, mount.target, O_PATH);
        };
        if (auto target = look()) return target;
        if (!mount.make_target && mount.optional) return std::nullopt;
        if (!mount.make_target) base::fail_with(ENOENT, "mount on '{}'", mount.target);
        try {
            make_target(root_, mount, folder);
        } catch (const base::SystemError& error) {
            const Fd writable = writable_root();
            if (error.error() != EROFS || !writable.valid()) throw;
            make_target(writable, mount, folder);
        }
        auto made = look();
        if (!made) base::fail_with(ENOENT, "mount on '{}'", mount.target);
        return made;
    }

    void place(Fd made, const Mount& mount) {
        const auto target = target_of(mount, is_folder(made));
        if (!target) return;
        base::attach_mount(made, *target, mount.target);
        if (mount.no_links) kernels_.emplace_back(mount.target + "/", made);
    }

    // Finds a place that is to be protected or hidden. In the kernel's file systems it is looked up
    // from the mounts that were just made, so that no path of the container's is on the way.
    std::optional<UniqueFd> find(const std::string& path) {
        for (const auto& [folder, mount] : kernels_)
            if (path.starts_with(folder))
                return base::try_open_in_root(mount, path.substr(folder.size()), O_PATH);
        return base::try_open_in_root(root_, path, O_PATH);
    }

    void protect(const Mount& mount) {
        const auto place = find(mount.target);
        if (!place) return;  // this kernel or container has no such file
        const UniqueFd tree = base::clone_mount(*place, true, mount.target);
        base::change_mount(
            tree, {.set = mount.attributes, .clear = mount.clear_attributes, .recursive = true},
            mount.target);
        base::attach_mount(tree, *place, mount.target);
    }

    void bind_inner(const Mount& mount) {
        const auto source = base::try_open_in_root(root_, mount.source, O_PATH);
        if (!source) {
            if (mount.optional) return;
            base::fail_with(ENOENT, "bind '{}' of the container on '{}'", mount.source,
                            mount.target);
        }
        // Only the root of a mount can be moved.
        const UniqueFd tree = mount.move
                                  ? base::open_in_root(root_, mount.source, O_PATH)
                                  : base::clone_mount(*source, mount.recursive, mount.source);
        if (mount.attributes != 0)
            base::change_mount(tree, {.set = mount.attributes, .recursive = mount.recursive},
                               mount.target);
        if (mount.propagation != 0)
            base::change_mount(tree,
                               {.propagation = mount.propagation, .recursive = mount.recursive},
                               mount.target);
        place(tree, mount);
    }

    // Opens a file of a mount that the helper made, by its name in there and not by a path of the
    // container's, which may lead elsewhere by now (CVE-2025-31133, CVE-2025-52565).
    static UniqueFd own_file(Fd folder, const std::string& name) {
        UniqueFd file = base::openat_quietly(folder, name, O_PATH | O_NOFOLLOW);
        if (!file) base::fail_errno("open '{}' of a new file system", name);
        return file;
    }

    // Attaches the control groups: the v2 tree alone directly, else one tree for each folder of a
    // tmpfs.
    void attach_groups(const Mount& mount) {
        // The mounts are this container's, so others' views of the same groups keep theirs.
        const base::MountChange readonly{.set = mount.attributes & MOUNT_ATTR_RDONLY};
        const auto narrow = [&](Fd tree) {
            if (readonly.set != 0) base::change_mount(tree, readonly, mount.target);
        };
        if (!prepared_.groups) {
            narrow(groups_.trees.front());
            place(groups_.trees.front(), mount);
            return;
        }
        narrow(prepared_.groups);
        place(prepared_.groups, mount);
        for (std::size_t i = 0; i < groups_.trees.size(); ++i) {
            const std::string& name = plan_.groups.hierarchies[i].name;
            narrow(groups_.trees[i]);
            base::attach_mount(groups_.trees[i], own_file(prepared_.groups, name), name);
        }
    }

    // Attaches /dev, its devpts, and the consoles by bind mounts of their slaves.
    void attach_dev(const Mount& mount) {
        place(dev_, mount);
        base::attach_mount(prepared_.devpts, own_file(dev_, "pts"), "/dev/pts");
        for (std::size_t i = 0; i < prepared_.consoles.size(); ++i) {
            const std::string pts = std::to_string(prepared_.consoles[i].container.number);
            const UniqueFd slave = own_file(prepared_.devpts, pts);
            const auto show_as = [&](const std::string& name) {
                base::attach_mount(base::clone_mount(slave, false, "/dev/pts/" + pts),
                                   own_file(dev_, name), "/dev/" + name);
            };
            if (i == 0) show_as("console");
            if (plan_.consoles[i].tty) show_as(fmt::format("tty{}", i + 1));
        }
    }

    void hide(const Mount& mount) {
        const auto target = find(mount.target);
        if (!target) return;  // this kernel or container has no such file
        if (!is_folder(*target)) {
            if (!null_.valid()) null_ = own_file(dev_, "null");
            base::attach_mount(base::clone_mount(null_, false, "/dev/null"), *target, mount.target);
            return;
        }
        // One empty file system serves all folders: the first place gets the mount itself, the
        // others copies.
        if (!empty_.valid()) {
            empty_ = base::make_mount("tmpfs", "lxvirt-empty", {{"mode", "555"}, {"size", "4096"}},
                                      base::kNoSuidDevExec | MOUNT_ATTR_RDONLY);
            base::attach_mount(empty_, *target, mount.target);
            return;
        }
        base::attach_mount(base::clone_mount(empty_, false, mount.target), *target, mount.target);
    }

    // Hides a file of the kernel from which daemons read in a loop: with /dev/null there, which is at
    // its end at once, they would never sleep.
    void keep_waiting(const Mount& mount) {
        const auto target = find(mount.target);
        if (!target) return;  // this kernel has no such file
        base::attach_mount(quiet_, *target, mount.target);
    }

    const Plan& plan_;
    const Prepared& prepared_;
    const MadeGroups& groups_;
    const std::function<void(std::string_view)>& run_hooks_;
    std::vector<UniqueFd> fresh_;
    std::vector<std::pair<std::string, Fd>> kernels_;  // such as "/proc/", and the mount there
    UniqueFd root_, dev_;
    UniqueFd writable_root_;         // see Prepared::writable_root; made here after pre-mount hooks
    UniqueFd empty_, null_, quiet_;  // hide folders and files
};

}  // namespace

void build_filesystem(const Plan& plan, const Prepared& prepared, const MadeGroups& groups,
                      const std::function<void(std::string_view type)>& run_hooks) {
    Builder(plan, prepared, groups, run_hooks).build();
}

}  // namespace lxvirt::helper
