#include "base/cgroup/cgroup.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "base/cgroup/tree.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

// Names the extended attribute that marks the folders which make_group() had to make above a group.
constexpr const char* kMark = "trusted.lxvirt";

std::string full_path(const Hierarchy& hierarchy, const std::string& path) {
    return hierarchy.mount + path;
}

// Tells options that identify a v1 hierarchy from those that only say how it is mounted.
bool is_v1_option(std::string_view option) {
    return option != "rw" && option != "ro" && !option.starts_with("release_agent=");
}

// Parses a line such as "31 23 0:27 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup
// rw,cpu".
std::optional<Hierarchy> parse_line(std::string_view line) {
    // 31 23 0:27 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) return std::nullopt;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 5 || after.size() < 3) return std::nullopt;
    if (after[0] != "cgroup" && after[0] != "cgroup2") return std::nullopt;
    Hierarchy hierarchy;
    hierarchy.mount = before[4];
    hierarchy.name = hierarchy.mount.substr(hierarchy.mount.rfind('/') + 1);
    hierarchy.unified = after[0] == "cgroup2";
    if (hierarchy.unified) return hierarchy;
    bool named = false;
    for (const std::string_view option : split(after[2], ',')) {
        if (!is_v1_option(option)) continue;
        if (option.starts_with("name=")) named = true;
        if (!hierarchy.options.empty()) hierarchy.options += ',';
        hierarchy.options += option;
        if (option != "xattr" && option != "noprefix" && option != "clone_children")
            hierarchy.controllers.emplace_back(option);
    }
    if (named && hierarchy.controllers.size() == 1) hierarchy.options = "none," + hierarchy.options;
    return hierarchy;
}

void enable_controllers(const Hierarchy& hierarchy, const std::string& folder) {
    // The controllers are enabled by one write each: one that cannot be enabled here must not keep
    // out the others.
    if (hierarchy.controllers.empty()) return;  // on a hybrid host v2 has none
    const std::string file = folder + "/cgroup.subtree_control";
    const std::string enabled = read_file(file);
    const std::string available = read_file(folder + "/cgroup.controllers");
    for (const std::string_view controller : split_words(available)) {
        if (!hierarchy.has(controller) || contains_word(enabled, controller)) continue;
        try {
            write_value(file, fmt::format("+{}", controller));
        } catch (const SystemError& error) {
            // EBUSY: a domain controller in a group that has processes. EOPNOTSUPP: a threaded
            // group. Limits of that controller then fail, with their name, when they are written.
            if (error.error() != EBUSY && error.error() != EOPNOTSUPP) throw;
        }
    }
}

// Gives a v1 cpuset the cpus and mems of the group above, without which it takes no process; groups
// above that have none are filled first. cgroup.clone_children lets the kernel fill groups made
// below (cgroup-v1/cgroups.rst), which is much cheaper: each write of cpuset.cpus checks every
// cpuset of the machine.
void fill_cpuset(const Hierarchy& hierarchy, const std::string& path) {
    const std::string folder = full_path(hierarchy, path);
    const std::string clone = folder + "/cgroup.clone_children";
    if (trim(read_file(clone)) == "0") write_value(clone, "1");
    for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
        if (!trim(read_file(folder + "/" + file)).empty()) continue;
        const std::string above = parent_folder(path);
        std::string value = read_file(parent_folder(folder) + "/" + file);
        if (trim(value).empty() && above != "/") {
            fill_cpuset(hierarchy, above);
            value = read_file(parent_folder(folder) + "/" + file);
        }
        write_value(folder + "/" + file, trim(value));
    }
}

// Makes one level; returns true where it was made and false where it existed. Throws
// SystemError(ENOENT) where a concurrent remove_group() has just removed the folder above.
bool make_level(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0755) == 0) {
        test_point("group-made");
        return true;
    }
    if (errno == EEXIST) return false;
    fail_errno("make control group '{}'", folder);
}

// Marks a folder as ours to remove. On a kernel whose groups have no extended attributes (before
// 5.7 for v1) the folder stays for ever.
void mark_level(const std::string& folder) {
    if (::setxattr(folder.c_str(), kMark, "1", 1, 0) == 0 || errno == EOPNOTSUPP) return;
    const int error = errno;
    (void)::rmdir(folder.c_str());
    fail_with(error, "mark control group '{}' as made by lxvirt", folder);
}

// Makes the last level; returns false where the folder above is missing.
bool try_make(const Hierarchy& hierarchy, const std::string& path) {
    const std::string folder = full_path(hierarchy, path);
    if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) {
        test_point("group-made");
        return true;
    }
    if (errno == ENOENT) return false;
    fail_errno("make control group '{}'", folder);
}

// Returns how much of `path`, counted from its beginning, belongs to systemd, which alone makes
// slices and scopes and writes to them; only what is below a delegated scope is ours (systemd's
// CGROUP_DELEGATION.md). A scope that is gone is not made again.
std::size_t length_of_systemds(const Hierarchy& hierarchy, const std::string& path) {
    constexpr std::string_view scope = ".scope/";
    const std::size_t at = path.find(scope);
    if (!hierarchy.unified || at == std::string::npos) return 0;
    return at + scope.size() - 1;
}

void make_levels(const Hierarchy& hierarchy, const std::string& path) {
    std::size_t end = length_of_systemds(hierarchy, path);
    if (end != 0) enable_controllers(hierarchy, full_path(hierarchy, path.substr(0, end)));
    while (end != path.size()) {
        end = std::min(path.find('/', end + 1), path.size());
        const std::string folder = full_path(hierarchy, path.substr(0, end));
        const bool made = make_level(folder);
        const bool last = end == path.size();
        if (made && !last) mark_level(folder);
        if (hierarchy.unified && !last) enable_controllers(hierarchy, folder);
    }
}

// Tries to remove one level; returns true also where it does not exist.
bool try_rmdir(const std::string& folder) {
    if (::rmdir(folder.c_str()) != 0) return errno == ENOENT;
    test_point("group-removed");
    return true;
}

// Removes one level. EBUSY means that processes are still on their way out, so the removal is
// retried until `end`.
void remove_level(const std::string& folder, std::chrono::steady_clock::time_point end) {
    for (;;) {
        if (try_rmdir(folder)) return;
        if (errno != EBUSY || std::chrono::steady_clock::now() > end)
            fail_errno("remove control group '{}'", folder);
        ::usleep(500);
    }
}

void remove_tree(const std::string& folder, std::chrono::steady_clock::time_point end) {
    // In the common case there is no group below, and this is one system call.
    if (try_rmdir(folder)) return;
    remove_groups_below(folder, end);
    remove_level(folder, end);
}

}  // namespace

bool Hierarchy::has(std::string_view controller) const {
    return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo) {
    std::vector<Hierarchy> all;
    for (const std::string_view line : split(mountinfo, '\n')) {
        auto hierarchy = parse_line(line);
        if (!hierarchy) continue;
        // The same hierarchy may be mounted twice (a bind below a container's root); the first
        // counts.
        const auto same = [&](const Hierarchy& other) {
            return other.unified == hierarchy->unified && other.options == hierarchy->options;
        };
        if (std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(*hierarchy));
    }
    return all;
}

std::vector<Hierarchy> find_hierarchies() {
    std::vector<Hierarchy> all = parse_hierarchies(read_file("/proc/self/mountinfo"));
    for (Hierarchy& hierarchy : all) {
        if (!hierarchy.unified) continue;
        const std::string controllers = read_file(hierarchy.mount + "/cgroup.controllers");
        for (const std::string_view controller : split_words(controllers))
            hierarchy.controllers.emplace_back(controller);
    }
    return all;
}

const Hierarchy* owner_of(const std::vector<Hierarchy>& all, std::string_view controller) {
    for (const Hierarchy& hierarchy : all)
        if (hierarchy.has(controller)) return &hierarchy;
    return nullptr;
}

const Hierarchy* unified_of(const std::vector<Hierarchy>& all) {
    for (const Hierarchy& hierarchy : all)
        if (hierarchy.unified) return &hierarchy;
    return nullptr;
}

void make_group(const Hierarchy& hierarchy, const std::string& path) {
    for (int attempt = 0;; ++attempt) {
        // ENOENT: a concurrent remove_group() has taken a folder above that was just made or found;
        // begin again.
        try {
            if (hierarchy.unified && attempt == 0 && length_of_systemds(hierarchy, path) == 0)
                enable_controllers(hierarchy, hierarchy.mount);
            // On v1 the folders above usually exist, and one mkdir(2) suffices; on v2 each level
            // has to be looked at, for its controllers.
            if (hierarchy.unified || !try_make(hierarchy, path)) make_levels(hierarchy, path);
            if (hierarchy.has("cpuset") && !hierarchy.unified) fill_cpuset(hierarchy, path);
            return;
        } catch (const SystemError& error) {
            if (error.error() != ENOENT || attempt == 20) throw;
        }
    }
}

void make_leaf_group(const Hierarchy& hierarchy, const std::string& path) {
    (void)make_level(full_path(hierarchy, path));
}

void remove_group(const Hierarchy& hierarchy, const std::string& path,
                  std::chrono::milliseconds patience) {
    remove_tree(full_path(hierarchy, path), std::chrono::steady_clock::now() + patience);
    for (std::string above = parent_folder(path); above != "/"; above = parent_folder(above)) {
        const std::string folder = full_path(hierarchy, above);
        char mark = 0;
        if (::getxattr(folder.c_str(), kMark, &mark, 1) != 1) break;
        if (::rmdir(folder.c_str()) != 0) break;  // in use by another container
        test_point("group-removed");
    }
}

std::string first_missing_above(const std::vector<Hierarchy>& all, const std::string& path) {
    std::string missing;
    for (std::string above = parent_folder(path); above != "/"; above = parent_folder(above))
        for (const Hierarchy& hierarchy : all)
            if (!exists(full_path(hierarchy, above))) missing = above;
    return missing;
}

void remove_folders_above(const Hierarchy& hierarchy, const std::string& path,
                          const std::string& top) {
    for (std::string above = parent_folder(path); above.size() >= top.size();
         above = parent_folder(above)) {
        const std::string folder = full_path(hierarchy, above);
        if (try_rmdir(folder)) continue;
        (void)::setxattr(folder.c_str(), kMark, "1", 1, 0);
        return;
    }
}

bool try_remove_group(const Hierarchy& hierarchy, const std::string& path) {
    return try_rmdir(full_path(hierarchy, path));
}

void remove_empty_group(const Hierarchy& hierarchy, const std::string& path) {
    const std::string folder = full_path(hierarchy, path);
    for (int attempt = 0; ::rmdir(folder.c_str()) != 0; ++attempt) {
        // ENOENT: the group was not made yet, but folders above it may have been.
        if (errno == ENOENT) break;
        // A process that has ended stays in its group for another moment.
        if (errno != EBUSY || attempt == 20) return;
        ::usleep(1000);
    }
    remove_group(hierarchy, path);  // removes the folders above, where they are marked
}

UniqueFd open_attach_file(const Hierarchy& hierarchy, const std::string& path) {
    const char* file = hierarchy.unified ? "/cgroup.procs" : "/tasks";
    return open_file(full_path(hierarchy, path) + file, O_WRONLY);
}

void attach_self(Fd attach_file) {
    if (uninterrupted([&] { return ::write(attach_file.get(), "0", 1); }) != 1)
        fail_errno("enter a control group");
}

}  // namespace lxvirt::base
