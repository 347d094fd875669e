#include "driver/device/in_use.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <set>

#include "base/cgroup/cgroup.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"
#include "driver/device/plug.hh"

namespace lxvirt::driver {

namespace {

// Returns "process 4711 (dd)".
std::string process_text(pid_t pid) {
    const auto name = base::try_read_file(fmt::format("/proc/{}/comm", pid));
    return fmt::format("process {} ({})", pid, name ? base::shown(base::trim(*name)) : "gone");
}

// Returns the link of the mount namespace ("mnt:[4026531841]"), which tells namespaces apart; empty
// if the process is gone.
std::string namespace_of(pid_t pid) {
    return base::read_link(fmt::format("/proc/{}/ns/mnt", pid)).value_or("");
}

// Returns whether `check` is true for the path of any descriptor, "/proc/PID/fd/N". A process that
// ends meanwhile uses nothing.
template <typename Check>
bool any_descriptor(pid_t pid, const char* folder, Check&& check) {
    const std::string whole = fmt::format("/proc/{}/{}", pid, folder);
    try {
        for (const std::string& name : base::list_folder(whole))
            if (check(whole + "/" + name)) return true;
    } catch (const base::SystemError&) {
        // The process is gone.
    }
    return false;
}

// Returns whether the object that a link of /proc leads to is on one of the mounts.
bool is_on(const std::string& link, const std::set<std::uint64_t>& mounts) {
    const base::UniqueFd object = base::open_quietly(link, O_PATH);
    if (!object) return false;
    try {
        return mounts.contains(base::mount_place(object, link).mount);
    } catch (const base::SystemError&) {
        return false;
    }
}

// Returns how a process of the container's own mount namespace uses the mounts; empty if it does
// not.
std::string use_of_mounts(pid_t pid, const std::set<std::uint64_t>& mounts) {
    const std::string proc = fmt::format("/proc/{}", pid);
    const auto on = [&](const std::string& link) { return is_on(link, mounts); };
    if (on(proc + "/cwd")) return "working folder of";
    if (on(proc + "/root")) return "root of";
    if (on(proc + "/exe")) return "program of";
    if (any_descriptor(pid, "fd", on)) return "open in";
    if (any_descriptor(pid, "map_files", on)) return "mapped in";
    return {};
}

// Collects the mount `id` and all mounts below it.
void add_tree(const std::vector<base::MountEntry>& table, std::uint64_t id,
              std::set<std::uint64_t>& tree) {
    tree.insert(id);
    for (const base::MountEntry& entry : table)
        if (entry.parent == id && !tree.contains(entry.id)) add_tree(table, entry.id, tree);
}

// Returns whether both show the same folder of the same file system.
bool same_tree(const base::MountEntry& a, const base::MountEntry& b) {
    return a.major == b.major && a.minor == b.minor && a.root == b.root;
}

// Collects the uses of one device in `found`, from all processes in the container's control groups.
class Search {
  public:
    Search(const Guest& guest, const LiveState& live)
        : guest_(guest),
          own_(namespace_of(guest.init())),
          processes_(base::processes_of(base::find_hierarchies(), live.cgroup)) {}

    // Looks for mounts and processes in the tree of a mounted <filesystem>.
    void filesystem(const xml::Filesystem& filesystem, const std::vector<MadeDevice>& made) {
        const auto entry = find_filesystem(guest_, filesystem, made);
        if (!entry) return;
        const auto table = guest_.mount_table();
        std::set<std::uint64_t> tree;
        add_tree(table, entry->id, tree);
        add_foreign_mounts(table, tree, entry->id);
        for (const pid_t pid : processes_) {
            if (namespace_of(pid) != own_) {
                add_copy(pid, *entry);
                continue;
            }
            if (const std::string use = use_of_mounts(pid, tree); !use.empty())
                found.push_back(fmt::format("{} {}", use, process_text(pid)));
        }
    }

    // Looks for mounts of a block device and for processes that have it open.
    void disk(const MadeDevice& made) {
        const dev_t number = ::makedev(made.major, made.minor);
        for (const pid_t pid : processes_) {
            if (seen_.insert(namespace_of(pid)).second) add_mounts_of(pid, made);
            const auto is_open = [&](const std::string& link) {
                struct stat info {};
                return ::stat(link.c_str(), &info) == 0 && S_ISBLK(info.st_mode) &&
                       info.st_rdev == number;
            };
            if (any_descriptor(pid, "fd", is_open))
                found.push_back(fmt::format("open in {}", process_text(pid)));
        }
    }

    std::vector<std::string> found;

  private:
    // Finds mounts that the container made inside the tree. A mount that came along with a tree of
    // the host is in the host's mount table as well, and does not count as a use.
    void add_foreign_mounts(const std::vector<base::MountEntry>& table,
                            const std::set<std::uint64_t>& tree, std::uint64_t top) {
        const auto host = base::parse_mount_table(base::read_file("/proc/self/mountinfo"));
        for (const base::MountEntry& entry : table) {
            if (entry.id == top || !tree.contains(entry.id)) continue;
            if (std::none_of(host.begin(), host.end(),
                             [&](const auto& other) { return same_tree(entry, other); }))
                found.push_back(fmt::format("mount on '{}'", base::shown(entry.point)));
        }
    }

    // Finds a copy of the mount in a mount namespace that the container made: such a copy stays
    // when the original goes.
    void add_copy(pid_t pid, const base::MountEntry& wanted) {
        if (!seen_.insert(namespace_of(pid)).second) return;
        for (const base::MountEntry& entry : base::mount_table(pid))
            if (same_tree(entry, wanted)) {
                found.push_back(fmt::format("mounted on '{}' in the mount namespace of {}",
                                            base::shown(entry.point), process_text(pid)));
                return;
            }
    }

    // Finds mounts of the device in the mount namespace of `pid`.
    void add_mounts_of(pid_t pid, const MadeDevice& made) {
        const std::string node = "/dev/" + made.path;
        for (const base::MountEntry& entry : base::mount_table(pid))
            // A file system on several devices (btrfs) has a device number of its own, with major
            // 0.
            if ((entry.major == made.major && entry.minor == made.minor) ||
                (entry.major == 0 && entry.source == node))
                found.push_back(fmt::format("mounted on '{}' ({})", base::shown(entry.point),
                                            process_text(pid)));
    }

    const Guest& guest_;
    std::string own_;
    std::vector<pid_t> processes_;
    std::set<std::string> seen_;
};

}  // namespace

std::vector<std::string> users_of(const Guest& guest, const LiveState& live,
                                  const xml::Device& device, const std::vector<MadeDevice>& made) {
    Search search(guest, live);
    if (const auto* filesystem = std::get_if<xml::Filesystem>(&device)) {
        search.filesystem(*filesystem, made);
    } else {
        for (const MadeDevice& one : made)
            if (one.type == 'b') search.disk(one);
    }
    return std::move(search.found);
}

}  // namespace lxvirt::driver
