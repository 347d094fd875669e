#include "helper/objects/inner_dev.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

constexpr char kShown[] = "c", kPrivate[] = "p";
constexpr char kNew[] = "new";      // in the private folder
constexpr char kQuiet[] = "quiet";  // likewise

// Opens a folder without following a link; invalid where there is none.
UniqueFd open_step(base::Fd folder, const std::string& name) {
    return base::openat_quietly(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

UniqueFd open_own(base::Fd whole, const char* name) {
    UniqueFd folder = open_step(whole, name);
    if (!folder) base::fail_errno("open folder '{}' of the container's /dev", name);
    return folder;
}

mode_t type_of(const DeviceNode& node) {
    return node.type == 'b' ? S_IFBLK : S_IFCHR;
}

dev_t number_of(const DeviceNode& node) {
    return ::makedev(node.major, node.minor);
}

bool is_node(const struct stat& info, const DeviceNode& node) {
    return (info.st_mode & S_IFMT) == type_of(node) && info.st_rdev == number_of(node);
}

// Clears the umask for a scope, so that what is made gets exactly the mode that is asked for.
class NoUmask {
  public:
    NoUmask() : before_(::umask(0)) {}
    ~NoUmask() { (void)::umask(before_); }
    NoUmask(const NoUmask&) = delete;
    NoUmask& operator=(const NoUmask&) = delete;

  private:
    mode_t before_;
};

// Removes a file or an empty folder; fails where neither works.
bool remove_any(base::Fd folder, const char* name) {
    return ::unlinkat(folder.get(), name, 0) == 0 || errno == ENOENT ||
           ::unlinkat(folder.get(), name, AT_REMOVEDIR) == 0;
}

// Gives something in the private folder its owner. The host's root owns what is new already.
void give_owner(base::Fd folder, const char* name, uid_t uid, gid_t gid, const std::string& path) {
    if ((uid != 0 || gid != 0) &&
        ::fchownat(folder.get(), name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
        base::fail_errno("chown '/dev/{}'", path);
}

void refuse_leading_out(const std::string& path) {
    if (("/" + path + "/").find("/../") != std::string::npos)
        base::fail(base::ErrorCode::config_unsupported, "'/dev/{}' leads out of /dev", path);
}

}  // namespace

void InnerDev::set_up(base::Fd whole, uid_t uid, gid_t gid) {
    const NoUmask no_umask;
    if (::mkdirat(whole.get(), kPrivate, 0700) != 0 || ::mkdirat(whole.get(), kShown, 0755) != 0 ||
        ::fchownat(whole.get(), kShown, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
        base::fail_errno("make the folders of the container's /dev");
}

InnerDev::InnerDev(base::Fd whole)
    : shown_(open_own(whole, kShown)), private_(open_own(whole, kPrivate)) {
    if (!remove_any(private_, kNew)) base::fail_errno("remove an unfinished node of /dev");
}

// Renames what was made in the private folder into `folder`, which is one of the shown ones.
void InnerDev::publish(const char* made, base::Fd folder, const std::string& name,
                       const std::string& path) const {
    base::test_point("dev-made");
    if (::renameat2(private_.get(), made, folder.get(), name.c_str(), RENAME_NOREPLACE) == 0)
        return;
    const int error = errno;
    (void)remove_any(private_, made);
    base::fail_with(error, "make '/dev/{}'", path);
}

// Opens one folder on the way, and makes it where it is missing.
UniqueFd InnerDev::make_step(base::Fd folder, const std::string& name,
                             const DeviceNode& node) const {
    if (UniqueFd found = open_step(folder, name)) return found;
    if (errno != ENOENT) base::fail_errno("open folder '{}' of '/dev/{}'", name, node.path);
    if (::mkdirat(private_.get(), kNew, 0755) != 0)
        base::fail_errno("make a folder of '/dev/{}'", node.path);
    UniqueFd made = open_own(private_, kNew);
    give_owner(private_, kNew, node.uid, node.gid, node.path);
    publish(kNew, folder, name, node.path);
    return made;
}

void InnerDev::make_node(const DeviceNode& node) const {
    const NoUmask no_umask;
    refuse_leading_out(node.path);
    UniqueFd holder;
    base::Fd folder = shown_;
    std::string name = node.path;
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/')) {
        UniqueFd next = make_step(folder, name.substr(0, slash), node);
        holder = std::move(next);
        folder = holder;
        name.erase(0, slash + 1);
    }
    if (::mknodat(private_.get(), kNew, type_of(node) | node.mode, number_of(node)) != 0)
        base::fail_errno("make device node '/dev/{}'", node.path);
    give_owner(private_, kNew, node.uid, node.gid, node.path);
    publish(kNew, folder, name, node.path);
}

void InnerDev::remove_node(const DeviceNode& node) const {
    struct Step {
        base::Fd folder;
        std::string name;
    };
    std::vector<UniqueFd> opened;
    std::vector<Step> steps;
    base::Fd folder = shown_;
    for (const std::string_view part : base::split(node.path, '/')) {
        if (!steps.empty()) {
            opened.push_back(open_step(folder, steps.back().name));
            if (!opened.back()) return;
            folder = opened.back();
        }
        steps.push_back({folder, std::string(part)});
    }
    const Step last = steps.back();
    const UniqueFd held = base::openat_quietly(last.folder, last.name, O_PATH | O_NOFOLLOW);
    struct stat info {
    }, taken{};
    if (!held || ::fstat(held.get(), &info) != 0 || !is_node(info, node)) return;
    // No call removes an inode by a descriptor. The name is taken into the private folder, where
    // nobody can exchange it any more, and only then is looked at. The held inode's number is given
    // to no other, so the name there is free.
    const std::string old = fmt::format("old-{}", info.st_ino);
    if (::renameat2(last.folder.get(), last.name.c_str(), private_.get(), old.c_str(),
                    RENAME_NOREPLACE) != 0) {
        if (errno == ENOENT) return;
        base::fail_errno("remove device node '/dev/{}'", node.path);
    }
    base::test_point("dev-withdrawn");
    if (::fstatat(private_.get(), old.c_str(), &taken, AT_SYMLINK_NOFOLLOW) != 0)
        base::fail_errno("remove device node '/dev/{}'", node.path);
    if (taken.st_ino != info.st_ino || taken.st_dev != info.st_dev) {
        // The container has exchanged the node meanwhile, and gets back what it put there, unless
        // it has given the name to a third thing since.
        if (::renameat2(private_.get(), old.c_str(), last.folder.get(), last.name.c_str(),
                        RENAME_NOREPLACE) != 0)
            (void)remove_any(private_, old.c_str());
        base::fail(base::ErrorCode::operation_failed,
                   "the container exchanged '/dev/{}' while it was being removed", node.path);
    }
    if (::unlinkat(private_.get(), old.c_str(), 0) != 0)
        base::fail_errno("remove device node '/dev/{}'", node.path);
    for (steps.pop_back(); !steps.empty(); steps.pop_back())
        if (::unlinkat(steps.back().folder.get(), steps.back().name.c_str(), AT_REMOVEDIR) != 0)
            return;  // other devices are in that folder
}

void InnerDev::make_file(const std::string& name, uid_t uid, gid_t gid) const {
    const UniqueFd file =
        base::openat_quietly(private_, kNew, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0600);
    if (!file || ::fchown(file.get(), uid, gid) != 0) base::fail_errno("make '/dev/{}'", name);
    publish(kNew, shown_, name, name);
}

UniqueFd InnerDev::make_quiet(uid_t uid, gid_t gid) const {
    const NoUmask no_umask;
    if (::mknodat(private_.get(), kQuiet, S_IFIFO | 0400, 0) != 0)
        base::fail_errno("make a FIFO beside the container's /dev");
    give_owner(private_, kQuiet, uid, gid, kQuiet);
    UniqueFd held = base::openat_quietly(private_, kQuiet, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (!held) base::fail_errno("open the FIFO beside the container's /dev");
    return held;
}

UniqueFd InnerDev::quiet() const {
    UniqueFd found = base::openat_quietly(private_, kQuiet, O_PATH | O_NOFOLLOW);
    if (!found) base::fail_errno("find the FIFO beside the container's /dev");
    return found;
}

void InnerDev::remove_file(const std::string& name) const {
    if (::unlinkat(shown_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        base::fail_errno("remove '/dev/{}'", name);
}

}  // namespace lxvirt::helper
