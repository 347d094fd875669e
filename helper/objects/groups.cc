#include "helper/objects/groups.hh"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/cgroup/device_rules.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/process/process.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::helper {

namespace {

using base::Hierarchy;
using base::UniqueFd;

// Returns the folder of a group; `path` begins with '/'.
std::string folder_of(const Hierarchy& hierarchy, const std::string& path) {
    return hierarchy.mount + path;
}

// Writes the limits. The first file that exists is used: the kernel has weights in one of two
// files, depending on the scheduler of block devices.
void write_limits(const Groups& groups) {
    for (const GroupLimit& limit : groups.limits) {
        const Hierarchy* owner = limit.controller == kCgroupCore
                                     ? base::unified_of(groups.hierarchies)
                                     : base::owner_of(groups.hierarchies, limit.controller);
        if (owner == nullptr)
            base::fail(base::ErrorCode::config_unsupported,
                       "'{}' needs the cgroup controller '{}', which this host does not have",
                       limit.file, limit.controller);
        const std::string folder = folder_of(*owner, groups.outer) + "/";
        const bool other = !limit.alternative.empty() && !base::exists(folder + limit.file);
        base::write_value(folder + (other ? limit.alternative : limit.file), limit.value);
    }
}

// Lets the container's root manage its own subtree: with an id map it has to own the folder and the
// files that move processes (cgroup-v2.rst, "Delegation").
void give_to_container(const Hierarchy& hierarchy, const std::string& path,
                       const Namespaces& namespaces) {
    if (namespaces.uid_map.empty()) return;
    const uid_t uid = namespaces.uid_map.front().outside;
    const gid_t gid = namespaces.gid_map.front().outside;
    const std::string folder = folder_of(hierarchy, path);
    for (const char* file :
         {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control", "/tasks"}) {
        const std::string whole = folder + file;
        if (::chown(whole.c_str(), uid, gid) != 0 && errno != ENOENT)
            base::fail_errno("chown '{}'", whole);
    }
}

// Says whether a line of /proc/self/cgroup (cgroups(7)), such as "4:memory:/", shows that we are in
// the hierarchy's root already. Where several controllers share a hierarchy, their order may differ
// and the answer is false; then an unneeded move is made.
bool is_in_root(const std::string& own, const Hierarchy& hierarchy) {
    const std::string_view options = hierarchy.options;
    const bool named = options.starts_with("none,");
    return own.find(fmt::format(":{}:/\n", named ? options.substr(5) : options)) !=
           std::string::npos;
}

}  // namespace

void leave_callers_groups(const std::vector<Hierarchy>& hierarchies) {
    const std::string own = base::read_file("/proc/self/cgroup");
    for (const Hierarchy& hierarchy : hierarchies)
        if (!hierarchy.unified && !is_in_root(own, hierarchy))
            base::attach_self(base::open_attach_file(hierarchy, ""));
}

namespace {

// Removes the supervisors' group, which only v2 has, and the folders above it if this was the last
// container.
void remove_helper_group(const Groups& groups) noexcept {
    for (const Hierarchy& hierarchy : groups.hierarchies) {
        try {
            base::remove_empty_group(hierarchy, groups.helper);
        } catch (const base::Exception&) {
            // An empty group that stays is used by the next start.
        }
    }
}

// The last child of the helper. It keeps nothing that it inherited, above all no locks.
[[noreturn]] void remove_after(base::Fd parent, const Groups& groups,
                               const std::string& record) noexcept {
    (void)::prctl(PR_SET_NAME, "lxc_cleanup");
    base::begin_test_program("lxc_cleanup");
    if (base::uninterrupted([&] { return ::dup2(parent.get(), 0); }) != 0) ::_exit(1);
    (void)::close_range(1, ~0U, 0);
    try {
        (void)base::wait_readable(base::Fd(0), std::chrono::seconds(30));
    } catch (const base::Exception&) {
        // The wait failed; the removal is tried now.
    }
    remove_helper_group(groups);
    if (!record.empty()) (void)::unlink(record.c_str());
    ::_exit(0);
}

}  // namespace

std::string leaving_record(const std::string& run_folder) {
    const auto name = run_folder.rfind('/') + 1;
    return fmt::format("{}.{}.leaving", run_folder.substr(0, name), run_folder.substr(name));
}

bool leave_helper_group_later(const Groups& groups, const std::string& record) noexcept {
    // A process cannot remove the group that it is in, so the child is born in the root group.
    try {
        if (!record.empty()) {
            base::write_all(base::open_file(record, O_WRONLY | O_CREAT | O_TRUNC), groups.helper,
                            record);
            base::test_point("file-written");
        }
        const Hierarchy* unified = base::unified_of(groups.hierarchies);
        base::UniqueFd root;
        clone_args args{};
        if (unified != nullptr) {
            root = base::open_file(unified->mount, O_RDONLY | O_DIRECTORY);
            args.flags = CLONE_INTO_CGROUP;
            args.cgroup = static_cast<std::uint64_t>(root.get());
        }
        const auto parent = base::open_pidfd(::getpid());
        if (!parent) return false;
        const pid_t pid = base::clone3(args);
        if (pid == 0) remove_after(*parent, groups, record);
        return pid > 0;
    } catch (const base::Exception&) {
        return false;
    }
}

void leave_helper_group(const Groups& groups, const std::string& record) noexcept {
    if (leave_helper_group_later(groups, record)) return;
    // There was no memory or descriptor for a child. Moving out of a v2 group takes about 10 ms.
    try {
        if (const Hierarchy* unified = base::unified_of(groups.hierarchies))
            base::attach_self(base::open_attach_file(*unified, ""));
    } catch (const base::Exception&) {
        // The empty group stays; the next start uses it.
    }
    remove_helper_group(groups);
    if (!record.empty()) (void)::unlink(record.c_str());
}

namespace {

// A hierarchy in which nothing is limited needs no second folder: the container may change
// everything in it.
bool has_inner(const Groups& groups, const Hierarchy& hierarchy) {
    return std::find(groups.unlimited.begin(), groups.unlimited.end(), hierarchy.name) ==
           groups.unlimited.end();
}

// Returns the group that the container sees as the root of this hierarchy.
const std::string& root_of(const Groups& groups, const Hierarchy& hierarchy) {
    return has_inner(groups, hierarchy) ? groups.inner : groups.outer;
}

// Copies the host's mount instead of mounting the hierarchy from inside the cgroup namespace. The
// file system is the same, and its paths depend on who reads them (cgroup_namespaces(7)); but
// mounting a v1 hierarchy makes the kernel walk every group of the machine.
UniqueFd clone_tree(const Hierarchy& hierarchy, const std::string& path) {
    const std::string folder = folder_of(hierarchy, path);
    UniqueFd tree = base::clone_mount(base::open_file(folder, O_PATH), false, folder);
    base::change_mount(tree, {.set = base::kNoSuidDevExec, .propagation = MS_PRIVATE}, folder);
    return tree;
}

}  // namespace

void make_groups(const Groups& groups, const Namespaces& namespaces) {
    for (const Hierarchy& hierarchy : groups.hierarchies) base::make_group(hierarchy, groups.outer);
    write_limits(groups);
    base::write_device_rules(groups.hierarchies, groups.outer, groups.devices);
    for (const Hierarchy& hierarchy : groups.hierarchies) {
        if (has_inner(groups, hierarchy)) base::make_group(hierarchy, groups.inner);
        give_to_container(hierarchy, root_of(groups, hierarchy), namespaces);
    }
}

MadeGroups open_groups(const Groups& groups) {
    MadeGroups made;
    for (const Hierarchy& hierarchy : groups.hierarchies) {
        const std::string& root = root_of(groups, hierarchy);
        if (hierarchy.unified)
            made.unified = base::open_file(folder_of(hierarchy, root), O_RDONLY | O_DIRECTORY);
        else
            made.attach.push_back(base::open_attach_file(hierarchy, root));
        made.trees.push_back(clone_tree(hierarchy, root));
    }
    return made;
}

std::vector<std::string> remove_groups(const Groups& groups) {
    // In most cases no process is left, and the container made no groups of its own at the top.
    bool gone = true;
    for (const Hierarchy& hierarchy : groups.hierarchies)
        gone = (!has_inner(groups, hierarchy) || base::try_remove_group(hierarchy, groups.inner)) &&
               base::try_remove_group(hierarchy, groups.outer) && gone;
    if (gone) return {};
    std::vector<std::string> problems;
    const auto try_step = [&](auto&& step) {
        try {
            step();
        } catch (const base::Exception& error) {
            problems.push_back(error.message());
        }
    };
    try_step([&] {
        if (!base::kill_group(groups.hierarchies, groups.outer))
            problems.push_back(fmt::format("processes are left in group '{}'", groups.outer));
    });
    for (const Hierarchy& hierarchy : groups.hierarchies)
        try_step([&] { base::remove_group(hierarchy, groups.outer); });
    return problems;
}

}  // namespace lxvirt::helper
