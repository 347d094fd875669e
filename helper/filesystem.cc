#include "helper/filesystem.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file.hh"
#include "base/mount.hh"
#include "helper/devices.hh"
#include "helper/hooks.hh"

namespace lxvirt::helper {

namespace {

using base::Fd;
using base::UniqueFd;

constexpr std::uint64_t kNothing = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// The helper's program is executed from a mount that is attached nowhere. On the root that is about
// to go, it goes with it: else whoever closes its last descriptor waits for RCU a second time.
void attach_image(Fd image) {
    if (!image.valid()) return;
    const UniqueFd place(::open("/dev/null", O_PATH | O_CLOEXEC));
    // Without a place it only takes longer.
    if (place) base::attach_mount(image, place, "/dev/null");
}

void leave_propagation(Fd image) {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        base::fail_errno("cut the mounts off from the host's");
    attach_image(image);
}

// The new root, attached somewhere, becomes the root, and the old one is let go. From then on every
// path is the container's: no link in it leads out.
void enter_root(Fd root, const std::string& source) {
    if (::fchdir(root.get()) != 0) base::fail_errno("enter the root '{}'", source);
    if (::syscall(SYS_pivot_root, ".", ".") != 0) base::fail_errno("make '{}' the root", source);
    // The old root is now mounted on top of the new one at ".": cut off first, so that nothing of
    // the host is unmounted.
    if (::mount(nullptr, ".", nullptr, MS_REC | MS_SLAVE, nullptr) != 0 ||
        ::umount2(".", MNT_DETACH) != 0)
        base::fail_errno("let go of the host's root");
    if (::chdir("/") != 0) base::fail_errno("change to the new root");
}

class Builder {
  public:
    Builder(const Plan& plan, const Prepared& prepared,
            const std::function<void(std::string_view)>& run_hooks)
        : plan_(plan), prepared_(prepared), run_hooks_(run_hooks) {}

    void build() {
        // With a user namespace the kernel allows a new proc or sysfs only while a full one is
        // visible (mount_namespaces(7)), hence before the old root goes.
        for (const Mount& mount : plan_.mounts)
            fresh_.push_back(mount.kind == MountKind::fresh ? make_fresh(mount) : UniqueFd());
        write_sysctls();
        const Mount& root = plan_.mounts.front();
        leave_propagation(prepared_.image);
        const bool staged = !plan_.hooks.stage.empty();
        if (staged)
            stage_root();
        else
            attach_on_root();
        for (std::size_t i = 1; i < plan_.mounts.size(); ++i) attach(i);
        if (staged) {
            run_hooks_("mount");
            run_hooks_("autodev");
            enter_root(root_, root.source);
        }
        if (root.attributes == 0 && root.propagation == 0) return;
        root_ = base::open_file("/", O_PATH | O_DIRECTORY);
        base::change_mount(root_, {.set = root.attributes, .propagation = root.propagation}, "/");
    }

  private:
    // On top of the old one, which needs no folder.
    void attach_on_root() {
        const UniqueFd old = base::open_file("/", O_PATH | O_DIRECTORY);
        base::attach_mount(prepared_.host_mounts.front(), old, "/");
        enter_root(prepared_.host_mounts.front(), plan_.mounts.front().source);
        root_ = base::open_file("/", O_PATH | O_DIRECTORY);
    }

    // Where hooks find it. What a pre-mount hook mounted on its source is in it.
    void stage_root() {
        const Mount& root = plan_.mounts.front();
        run_hooks_("pre-mount");
        UniqueFd made;
        if (root.kind == MountKind::host_bind && has_hook(plan_.hooks, "pre-mount"))
            made = open_mount(root, root.source);
        const Fd tree = made ? Fd(made) : Fd(prepared_.host_mounts.front());
        const UniqueFd place = base::open_file(plan_.hooks.stage, O_PATH | O_DIRECTORY);
        base::attach_mount(tree, place, plan_.hooks.stage);
        root_ = base::open_file(plan_.hooks.stage, O_PATH | O_DIRECTORY);
    }

    // Through the new proc, before parts of it are protected. The files show the namespaces of who
    // opens them.
    void write_sysctls() {
        if (plan_.init.sysctls.empty()) return;
        for (std::size_t i = 0; i < plan_.mounts.size(); ++i) {
            if (!fresh_[i].valid() || plan_.mounts[i].fstype != "proc") continue;
            for (const KeyValue& setting : plan_.init.sysctls) {
                const UniqueFd file(::openat(fresh_[i].get(), ("sys/" + setting.key).c_str(),
                                             O_WRONLY | O_CLOEXEC));
                if (!file || ::write(file.get(), setting.value.data(), setting.value.size()) < 0)
                    base::fail_errno("set the kernel setting '{}' to '{}'", setting.key,
                                     setting.value);
            }
            return;
        }
    }

    void attach(std::size_t index) {
        const Mount& mount = plan_.mounts[index];
        switch (mount.kind) {
            case MountKind::host_bind:
            case MountKind::device:
                if (prepared_.host_mounts[index]) place(prepared_.host_mounts[index], mount);
                break;
            case MountKind::fresh: place(fresh_[index], mount); break;
            case MountKind::inner_bind: bind_inner(mount); break;
            case MountKind::dev: attach_dev(mount); break;
            case MountKind::mask: hide(mount); break;
        }
    }

    static bool is_folder(Fd fd) {
        struct stat info {};
        if (::fstat(fd.get(), &info) != 0) base::fail_errno("stat a mount");
        return S_ISDIR(info.st_mode);
    }

    // The mount point, made where it is missing: a folder for a folder, else an empty file.
    std::optional<UniqueFd> target_of(const Mount& mount, bool folder) {
        if (auto target = base::try_open_in_root(root_, mount.target, O_PATH)) return target;
        if (mount.optional) return std::nullopt;
        if (!mount.make_target) base::fail_with(ENOENT, "mount on '{}'", mount.target);
        if (folder) {
            base::make_folders_in_root(root_, mount.target);
        } else {
            base::make_folders_in_root(root_, base::parent_folder(mount.target));
            const UniqueFd file =
                base::open_in_root(root_, mount.target, O_CREAT | O_WRONLY | O_NOFOLLOW, 0644);
        }
        return base::open_in_root(root_, mount.target, O_PATH);
    }

    void place(Fd made, const Mount& mount) {
        const auto target = target_of(mount, is_folder(made));
        if (target) base::attach_mount(made, *target, mount.target);
    }

    void bind_inner(const Mount& mount) {
        const auto source = base::try_open_in_root(root_, mount.source, O_PATH);
        if (!source) {
            if (mount.optional) return;
            base::fail_with(ENOENT, "bind '{}' of the container on '{}'", mount.source,
                            mount.target);
        }
        const UniqueFd tree = base::clone_mount(*source, mount.recursive, mount.source);
        if (mount.attributes != 0 || mount.clear_attributes != 0)
            base::change_mount(tree,
                               {.set = mount.attributes,
                                .clear = mount.clear_attributes,
                                .recursive = mount.recursive},
                               mount.target);
        if (mount.propagation != 0)
            base::change_mount(tree,
                               {.propagation = mount.propagation, .recursive = mount.recursive},
                               mount.target);
        place(tree, mount);
    }

    static Mount on(std::string target) {
        Mount mount;
        mount.target = std::move(target);
        return mount;
    }

    void attach_dev(const Mount& mount) {
        place(prepared_.dev, mount);
        place(prepared_.devpts, on("/dev/pts"));
        for (std::size_t i = 0; i < prepared_.consoles.size(); ++i) {
            const std::string pts =
                fmt::format("/dev/pts/{}", prepared_.consoles[i].container.number);
            const UniqueFd slave = base::open_in_root(root_, pts, O_PATH);
            if (i == 0) place(base::clone_mount(slave, false, pts), on("/dev/console"));
            place(base::clone_mount(slave, false, pts), on(fmt::format("/dev/tty{}", i + 1)));
        }
    }

    void hide(const Mount& mount) {
        const auto target = base::try_open_in_root(root_, mount.target, O_PATH);
        if (!target) return;  // this kernel has no such file
        if (!is_folder(*target)) {
            const UniqueFd null = base::open_in_root(root_, "/dev/null", O_PATH);
            base::attach_mount(base::clone_mount(null, false, "/dev/null"), *target, mount.target);
            return;
        }
        // One empty file system for all: the first place gets the mount itself, the others copies.
        if (!empty_.valid()) {
            const UniqueFd made =
                base::make_mount("tmpfs", "lxvirt-empty", {{"mode", "555"}, {"size", "4096"}},
                                 kNothing | MOUNT_ATTR_RDONLY);
            base::attach_mount(made, *target, mount.target);
            empty_ = base::open_in_root(root_, mount.target, O_PATH);
            return;
        }
        base::attach_mount(base::clone_mount(empty_, false, mount.target), *target, mount.target);
    }

    const Plan& plan_;
    const Prepared& prepared_;
    const std::function<void(std::string_view)>& run_hooks_;
    std::vector<UniqueFd> fresh_;
    UniqueFd root_;
    UniqueFd empty_;
};

}  // namespace

void build_filesystem(const Plan& plan, const Prepared& prepared,
                      const std::function<void(std::string_view type)>& run_hooks) {
    Builder(plan, prepared, run_hooks).build();
}

}  // namespace lxvirt::helper
