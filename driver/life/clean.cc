#include "driver/life/clean.hh"

#include "base/cgroup/cgroup.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/network/ports.hh"
#include "driver/plan/compile.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/state.hh"
#include "driver/supervisor/container_hooks.hh"
#include "helper/objects/groups.hh"

namespace lxvirt::driver {

void remove_groups(const LiveState& live) {
    if (live.cgroup.empty()) return;
    const auto hierarchies = base::find_hierarchies();
    if (!base::kill_group(hierarchies, live.cgroup))
        base::fail_with(EBUSY,
                        "end the processes that a killed lxc_helper of domain '{}' left in '{}'",
                        live.domain.name, live.cgroup);
    for (const base::Hierarchy& hierarchy : hierarchies) {
        base::remove_group(hierarchy, live.cgroup);
        base::remove_empty_group(hierarchy, helper_group(live.cgroup));
        if (!live.partition.empty())
            base::remove_folders_above(hierarchy, live.cgroup, live.partition);
    }
}

void finish_leaving(const Root& root, const std::string& name) {
    const std::string record = helper::leaving_record(root.domain(name));
    const auto group = base::try_read_file(record);
    if (!group) return;
    const auto hierarchies = base::find_hierarchies();
    const base::Hierarchy* unified = base::unified_of(hierarchies);
    // Another supervisor that is in it takes it away in its turn.
    if (!group->empty() && unified != nullptr && !base::try_remove_group(*unified, *group)) return;
    for (const base::Hierarchy& hierarchy : hierarchies)
        if (!group->empty()) base::remove_empty_group(hierarchy, *group);
    (void)base::remove_file(record);
}

void clean_up(const Root& root, const std::string& name) {
    if (root.running(name)) return;
    finish_leaving(root, name);
    const auto live = read_live(root, name);
    if (!live) {
        // A start that was killed before it wrote anything may have made the folder.
        if (base::exists(root.domain(name))) remove_live(root, name);
        return;
    }
    if (live->current()) remove_groups(*live);
    // Maybe once more: whoever was killed may have run them already.
    if (live->current()) run_late_end_hooks(root, live->domain);
    if (live->current() && live->phase != LivePhase::starting) {
        record_end(root, name, "crashed", "its lxc_helper was killed");
        journal_lifecycle(root, name, live->domain.uuid, DomainLifecycle::stopped,
                          detail::stopped_crashed, "its lxc_helper was killed");
    }
    release_ports(root, live->domain);
    remove_live(root, name);
}

}  // namespace lxvirt::driver
