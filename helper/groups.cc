#include "helper/groups.hh"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file.hh"

namespace lxvirt::helper {

namespace {

using base::Hierarchy;

std::string folder_of(const Hierarchy& hierarchy, const std::string& path) {
    return hierarchy.mount + path;
}

void write_limits(const Groups& groups) {
    for (const GroupLimit& limit : groups.limits) {
        const Hierarchy* owner = base::owner_of(groups.hierarchies, limit.controller);
        if (owner == nullptr)
            base::fail(base::ErrorCode::config_unsupported,
                       "'{}' needs the cgroup controller '{}', which this host does not have",
                       limit.file, limit.controller);
        base::write_value(folder_of(*owner, groups.outer) + "/" + limit.file, limit.value);
    }
}

// The v2 filter works in any v2 tree, whichever controllers it has; v1 hosts have the devices list.
base::UniqueFd write_device_rules(const Groups& groups) {
    if (const Hierarchy* unified = base::unified_of(groups.hierarchies)) {
        const base::UniqueFd folder =
            base::open_file(folder_of(*unified, groups.outer), O_RDONLY | O_DIRECTORY);
        return base::attach_device_program(folder, groups.devices);
    }
    if (const Hierarchy* devices = base::owner_of(groups.hierarchies, "devices"))
        base::write_device_list(folder_of(*devices, groups.outer), groups.devices);
    else
        base::fail(
            base::ErrorCode::config_unsupported,
            "this host can restrict devices neither by cgroup v2 nor by a v1 devices hierarchy");
    return {};
}

// The container's root may manage its own subtree: with a user namespace that takes ownership of
// the folder and of the files that move processes (systemd's "delegation", cgroup-v2.rst).
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

}  // namespace

void enter_helper_group(const Groups& groups) {
    for (const Hierarchy& hierarchy : groups.hierarchies) {
        // Another helper may remove the shared group between the two calls.
        for (int attempt = 0;; ++attempt) {
            base::make_group(hierarchy, groups.helper);
            try {
                base::attach_self(base::open_attach_file(hierarchy, groups.helper));
                break;
            } catch (const base::SystemError& error) {
                if ((error.error() != ENOENT && error.error() != ENODEV) || attempt == 10) throw;
            }
        }
    }
}

void leave_helper_group(const Groups& groups) noexcept {
    // To the root of each hierarchy, so that the last helper can take the group away.
    for (const Hierarchy& hierarchy : groups.hierarchies) {
        try {
            base::attach_self(base::open_attach_file(hierarchy, ""));
            if (::rmdir(folder_of(hierarchy, groups.helper).c_str()) == 0)
                base::remove_group(hierarchy, groups.helper);
        } catch (const base::Exception&) {
            // It stays, empty: the next helper uses it.
        }
    }
}

MadeGroups make_groups(const Groups& groups, const Namespaces& namespaces) {
    MadeGroups made;
    for (const Hierarchy& hierarchy : groups.hierarchies) base::make_group(hierarchy, groups.outer);
    write_limits(groups);
    made.device_program = write_device_rules(groups);
    for (const Hierarchy& hierarchy : groups.hierarchies) {
        base::make_group(hierarchy, groups.inner);
        give_to_container(hierarchy, groups.inner, namespaces);
        if (hierarchy.unified)
            made.unified_inner =
                base::open_file(folder_of(hierarchy, groups.inner), O_RDONLY | O_DIRECTORY);
        else
            made.attach.push_back(base::open_attach_file(hierarchy, groups.inner));
    }
    return made;
}

std::vector<std::string> remove_groups(const Groups& groups) {
    std::vector<std::string> problems;
    const auto attempt = [&](auto&& step) {
        try {
            step();
        } catch (const base::Exception& error) {
            problems.push_back(error.message());
        }
    };
    for (const Hierarchy& hierarchy : groups.hierarchies)
        attempt([&] { base::remove_group(hierarchy, groups.outer); });
    return problems;
}

}  // namespace lxvirt::helper
