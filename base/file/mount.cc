#include "base/file/mount.hh"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"

namespace lxvirt::base {

namespace {

// Calls openat2(2), which the C library does not wrap, and retries a limited number of times: a
// container that renames without pause could keep EAGAIN coming.
int openat2(int folder, const char* path, int flags, mode_t mode, std::uint64_t more = 0) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | more;
    for (int attempt = 0;; ++attempt) {
        const long fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
        const bool again = fd < 0 && (errno == EAGAIN || errno == EINTR);
        if (!again || attempt == 64) return static_cast<int>(fd);
    }
}

// Returns what the file system's driver reported (fsopen(2), "the message retrieval interface"):
// lines that begin with "e " (error), "w " (warning) or "i " (information), joined.
std::string context_messages(Fd context) {
    std::string text;
    std::array<char, 1024> buffer;
    for (;;) {
        const ssize_t got = ::read(context.get(), buffer.data(), buffer.size());
        if (got <= 2) return text;
        std::string_view line(buffer.data(), static_cast<std::size_t>(got));
        while (line.ends_with('\n')) line.remove_suffix(1);
        if (!text.empty()) text += "; ";
        text += line.substr(2);
    }
}

// Configures a file system before it is mounted (fsopen(2), fsconfig(2), fsmount(2)).
class FsContext {
  public:
    explicit FsContext(const std::string& fstype)
        : name_(fstype), fd_(::fsopen(fstype.c_str(), FSOPEN_CLOEXEC)) {
        if (!fd_) fail_call("fsopen", "open file system type '{}'", fstype);
    }
    void configure(unsigned command, const char* key, const char* value) {
        if (::fsconfig(fd_.get(), command, key, value, 0) == 0) return;
        const int saved = errno;
        std::string what = fmt::format("make a '{}' file system", name_);
        if (key != nullptr)
            what += fmt::format(": option {}{}{}", key, value ? "=" : "", value ? value : "");
        if (const std::string messages = context_messages(fd_); !messages.empty())
            what += " (" + messages + ")";
        errno = saved;
        fail_call("fsconfig", "{}", what);
    }
    [[nodiscard]] UniqueFd mount(std::uint64_t attributes) {
        UniqueFd mount(::fsmount(fd_.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
        if (!mount) fail_call("fsmount", "mount a '{}' file system", name_);
        return mount;
    }

  private:
    std::string name_;
    UniqueFd fd_;
};

}  // namespace

UniqueFd open_in_root(Fd root, const std::string& path, int flags, mode_t mode) {
    UniqueFd fd(openat2(root.get(), path.c_str(), flags, mode));
    if (!fd) fail_call("openat2", "open '{}' inside the container", path);
    return fd;
}

std::optional<UniqueFd> try_open_in_root(Fd root, const std::string& path, int flags) {
    UniqueFd fd(openat2(root.get(), path.c_str(), flags, 0));
    if (fd) return fd;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail_call("openat2", "open '{}' inside the container", path);
}

std::optional<UniqueFd> try_open_without_links(Fd root, const std::string& path, int flags) {
    UniqueFd fd(openat2(root.get(), path.c_str(), flags, 0, RESOLVE_NO_SYMLINKS));
    if (fd) return fd;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail_call("openat2", "open '{}' inside the container, where no link may be", path);
}

UniqueFd clone_mount(Fd object, bool recursive, const std::string& name) {
    const unsigned flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
    UniqueFd tree(::open_tree(object.get(), "", flags));
    if (!tree) fail_call("open_tree", "clone the mount of '{}'", name);
    return tree;
}

UniqueFd make_mount(const std::string& fstype, const std::string& source,
                    const MountOptions& options, std::uint64_t attributes,
                    bool superblock_readonly) {
    FsContext context(fstype);
    if (superblock_readonly) context.configure(FSCONFIG_SET_FLAG, "ro", nullptr);
    if (!source.empty()) context.configure(FSCONFIG_SET_STRING, "source", source.c_str());
    for (const auto& [key, value] : options)
        if (value.empty())
            context.configure(FSCONFIG_SET_FLAG, key.c_str(), nullptr);
        else
            context.configure(FSCONFIG_SET_STRING, key.c_str(), value.c_str());
    context.configure(FSCONFIG_CMD_CREATE, nullptr, nullptr);
    return context.mount(attributes);
}

void change_mount(Fd mount, const MountChange& change, const std::string& name) {
    mount_attr attributes{};
    attributes.attr_set = change.set;
    attributes.attr_clr = change.clear;
    // mount_setattr(2): the access time modes are one field; to set one of them, the whole field
    // has to be named in attr_clr.
    if ((change.set & MOUNT_ATTR__ATIME) != 0) attributes.attr_clr |= MOUNT_ATTR__ATIME;
    attributes.propagation = change.propagation;
    if (change.userns.valid())
        attributes.userns_fd = static_cast<std::uint64_t>(change.userns.get());
    const unsigned flags = AT_EMPTY_PATH | (change.recursive ? AT_RECURSIVE : 0U);
    if (::mount_setattr(mount.get(), "", flags, &attributes, sizeof attributes) != 0)
        fail_call("mount_setattr", "set the attributes of mount '{}'{}", name,
                  (change.set & MOUNT_ATTR_IDMAP) != 0 ? " (id-mapped)" : "");
}

void attach_mount(Fd mount, Fd target, const std::string& name) {
    if (::move_mount(mount.get(), "", target.get(), "",
                     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
        fail_call("move_mount", "attach the mount on '{}'", name);
    test_point("mount-attached");
}

void unmount_in(Fd folder, const std::string& name, int flags) {
    if (::fchdir(folder.get()) != 0 || ::umount2(name.c_str(), flags | UMOUNT_NOFOLLOW) != 0)
        fail_errno("unmount '{}' of the container", name);
}

InMountNamespace::InMountNamespace(Fd target)
    : home_(open_file("/proc/self/ns/mnt", O_RDONLY)),
      root_(open_file("/", O_PATH | O_DIRECTORY)),
      folder_(open_file(".", O_PATH | O_DIRECTORY)) {
    if (::setns(target.get(), CLONE_NEWNS) != 0) fail_errno("enter the container's mounts");
}

InMountNamespace::~InMountNamespace() {
    if (::setns(home_.get(), CLONE_NEWNS) != 0 || ::fchdir(root_.get()) != 0 ||
        ::chroot(".") != 0 || ::fchdir(folder_.get()) != 0)
        ::_exit(1);
}

namespace {

// Makes the last folder of `path` where all the others exist. Returns false where they do not, and
// on any other failure, which the caller's slow way then reports.
bool make_last_folder(Fd root, const std::string& path, mode_t mode) {
    const auto parent = try_open_in_root(root, parent_folder(path), O_PATH | O_DIRECTORY);
    const std::string name = path.substr(path.rfind('/') + 1);
    return parent && ::mkdirat(parent->get(), name.c_str(), mode) == 0;
}

}  // namespace

void make_folders_in_root(Fd root, const std::string& path, mode_t mode) {
    // In most cases only the last folder is missing.
    if (make_last_folder(root, path, mode)) return;
    std::size_t from = path.find_first_not_of('/');
    while (from != std::string::npos) {
        const std::size_t end = std::min(path.find('/', from), path.size());
        const std::string prefix = path.substr(0, end);
        if (!try_open_in_root(root, prefix, O_PATH)) {
            const UniqueFd parent =
                open_in_root(root, "./" + path.substr(0, from), O_PATH | O_DIRECTORY);
            const std::string name = path.substr(from, end - from);
            if (::mkdirat(parent.get(), name.c_str(), mode) != 0 && errno != EEXIST)
                fail_errno("make folder '{}' inside the container", prefix);
        }
        from = path.find_first_not_of('/', end);
    }
}

}  // namespace lxvirt::base
