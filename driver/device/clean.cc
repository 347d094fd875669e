// Clean-up after a crash. That the `alive` lock is free does not mean that the container is gone:
// if lxc_helper is killed, the kernel releases the lock at once and kills the container's pid
// namespace, but its processes need time to exit, and those of a frozen group do not exit before it
// is thawed. So the group is killed before anything else, by its path in live.xml and never by a
// pid, as a pid may have been reused.
//
// The order is: the group's processes, the groups, the hooks of the container's end, the record of
// the end and the journal, ports, files. live.xml goes last (remove_live()), so a clean-up that is
// cut short is simply done again. Mounts, veths and loop devices need no work: the kernel removes
// them with the namespaces and with the helper's descriptors. The host's network devices are given
// back (helper/objects/moved_links.hh).
#include "driver/device/clean.hh"

#include "base/cgroup/cgroup.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/apparmor.hh"
#include "driver/network/ports.hh"
#include "driver/plan/apparmor.hh"
#include "driver/plan/compile.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/state.hh"
#include "driver/supervisor/container_hooks.hh"
#include "helper/objects/groups.hh"
#include "helper/objects/moved_links.hh"

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

void remove_profile(const Root& root, const xml::Domain& domain) noexcept {
    const xml::SecurityLabel* label = dynamic_profile_of(domain);
    if (label == nullptr || label->label.empty()) return;
    try {
        base::remove_apparmor_profile(label->label);
    } catch (const base::Exception& error) {
        log_line(root, domain.name, error.message());
    }
}

void finish_leaving(const Root& root, const std::string& name) {
    const std::string record = helper::leaving_record(root.domain(name));
    const auto group = base::try_read_state(record);
    if (!group) return;
    const auto hierarchies = base::find_hierarchies();
    const base::Hierarchy* unified = base::unified_of(hierarchies);
    // If another supervisor is in the group, that one removes the group when it ends.
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
        // A start that was killed before it wrote live.xml may have made the folder.
        if (base::exists(root.domain(name))) remove_live(root, name);
        return;
    }
    if (live->current()) remove_groups(*live);
    for (const std::string& problem : helper::give_back_pinned(root.domain(name)))
        log_line(root, name, problem);
    if (live->current()) remove_profile(root, live->domain);
    // A helper that could only not remove everything has made the other steps of the end.
    const bool ended = helper_recorded_end(root, name);
    // The hooks may run a second time: the killed helper may have run them already.
    if (live->current() && !ended) run_late_end_hooks(root, live->domain);
    // A start that was cut short was never told to anybody, so its end is not told either.
    if (live->current() && !ended && live->phase != LivePhase::starting) {
        record_end(root, name, "crashed", "its lxc_helper was killed");
        journal_lifecycle(root, name, live->domain.uuid, DomainLifecycle::stopped,
                          detail::stopped_crashed, "its lxc_helper was killed");
    }
    release_ports(root, live->domain);
    remove_live(root, name);
}

}  // namespace lxvirt::driver
