// The order of a start, in the driver:
//
//   1  cleans up after a crash, and checks what needs nothing made
//   2  live.xml: `starting`, with the control group's path
//   3  the container's hook pre-start, which may make what the checks look for
//   4  spawns the helper, which loads and resets itself while the driver goes on
//   5  a scope, names that contain the helper's pid, ports of networks, the plan
//   6  hook scripts: prepare, start
//   7  live.xml again, with every name of the plan; then the helper gets the plan
//   8  waits until the container runs; live.xml: `running`
//   9  registers with machined; hook script: started; commits
//
// Every name is written before the object of that name is made, so a kill at any moment leaves a
// live.xml by which clean_up() finds everything. Until the commit, a close of the channel, by an
// error or by the death of this process, makes the helper undo its part. undo_start() does the
// driver's part: ports, files, and the record of the failure.
//
// If no device rule has to wait for the number of a loop device, the driver makes the control
// groups while the helper prepares the mounts.
#include "driver/life/start.hh"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "driver/device/clean.hh"
#include "driver/device/operation.hh"
#include "driver/device/shared_disks.hh"
#include "driver/life/profile.hh"
#include "driver/network/ports.hh"
#include "driver/plan/check.hh"
#include "driver/plan/compile.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/state.hh"
#include "driver/supervisor/container_hooks.hh"
#include "driver/supervisor/hooks.hh"
#include "driver/systemd/scope.hh"
#include "helper/objects/groups.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

// Returns the host's ends of the plan's veths, which live.xml lists.
std::vector<std::string> made_links(const helper::Plan& plan) {
    std::vector<std::string> names;
    for (const helper::Link& link : plan.links)
        if (link.kind == helper::LinkKind::veth) names.push_back(link.host);
    return names;
}

// Returns whether hook scripts have to be called at the container's end, for the container or for
// its ports.
bool calls_hooks(const Root& root, const xml::Domain& domain) {
    return has_hooks(root) || has_port_hooks(root, domain);
}

// Runs the hook scripts of one operation, with the live XML on standard input. Throws
// hook_script_failed.
void call_hooks(const Root& root, const LiveState& live, const char* operation) {
    if (!has_hooks(root)) return;
    run_hooks(root, {.name = live.domain.name, .operation = operation, .suboperation = "begin"},
              xml::format_domain(live.domain, {.live = true}));
}

// Returns a function that writes log lines of the domain; it borrows `root`.
std::function<void(const std::string&)> log_of(const Root& root, const std::string& name) {
    return [&root, name](const std::string& text) { log_line(root, name, text); };
}

// Returns whether the domain has a hook pre-start, which may make what check_startable() looks for.
bool has_pre_start(const xml::Domain& domain) {
    const auto& hooks = domain.container.hooks;
    return std::any_of(hooks.begin(), hooks.end(),
                       [](const xml::ContainerHook& hook) { return hook.type == "pre-start"; });
}

// Puts the ptys that the helper reports, with blanks between, into the live definition.
void take_console_paths(LiveState& live, const helper::StartReply& reply) {
    std::size_t from = 0;
    for (xml::Console& console : live.domain.consoles) {
        const std::size_t end =
            std::min(reply.host_consoles.find(' ', from), reply.host_consoles.size());
        console.tty = console.source_path = reply.host_consoles.substr(from, end - from);
        from = std::min(end + 1, reply.host_consoles.size());
    }
}

// Puts the loop devices' numbers that the helper reports into the live state.
void take_loops(LiveState& live, const helper::StartReply& reply) {
    for (const helper::HeldLoop& loop : reply.loops)
        for (MadeDevice& made : live.made) {
            if (made.device != loop.device) continue;
            made.major = loop.major;
            made.minor = loop.minor;
        }
}

// Returns whether all device rules are known now: the number of a loop device is not, before the
// helper has made it.
bool knows_device_rules(const helper::Plan& plan) {
    return std::none_of(
        plan.dev.nodes.begin(), plan.dev.nodes.end(),
        [](const auto& node) { return !node.loop_file.empty(); });
}

// Makes the control groups, if the plan leaves them to the driver, and waits for the container to
// run. Throws the helper's error, or the driver's with the groups removed.
helper::StartReply make_groups_and_wait(HelperProcess& helper, const helper::Plan& plan) {
    if (!plan.groups.made_by_driver) return helper.await_start();
    try {
        helper::make_groups(plan.groups, plan.namespaces);
        helper.say_groups_made();
        return helper.await_start();
    } catch (const base::Exception&) {
        (void)helper::remove_groups(plan.groups);
        // The helper's end removes the folders above only if the groups are gone.
        for (const base::Hierarchy& hierarchy : plan.groups.hierarchies)
            base::remove_group(hierarchy, plan.groups.outer);
        throw;
    }
}

// Waits until the helper has the alive lock, by which others see that the domain uses its disks. A
// helper that has failed never takes it.
void await_alive_lock(const Root& root, const std::string& name) {
    for (int i = 0; i < 500 && !root.running(name); ++i) ::usleep(1000);
}

// Brings the container from a compiled plan to running. live.xml lists every name before anything
// is made.
void carry_out(const Root& root, const HostFacts& host, HelperProcess& helper, helper::Plan plan,
               LiveState& live) {
    live.phase = LivePhase::starting;
    live.helper = helper.pid();
    live.cgroup = plan.groups.outer;
    live.links = made_links(plan);
    live.made = made_devices(plan, host);
    plan.groups.made_by_driver = knows_device_rules(plan);
    auto disks = lock_disks(root, live.domain);
    write_live(root, live);
    load_profile(plan);
    helper.send_plan(plan);
    if (disks) await_alive_lock(root, live.domain.name);
    disks.reset();
    const helper::StartReply reply = make_groups_and_wait(helper, plan);
    take_console_paths(live, reply);
    take_loops(live, reply);
    live.phase = LivePhase::running;
    write_live(root, live);
}

// Makes the supervisors' group and calls `use`. The last supervisor that ends removes the group,
// maybe just now, so a group that is gone is made again.
template <typename Use>
auto with_helper_group(const base::Hierarchy& unified, const std::string& path, Use&& use) {
    for (int attempt = 0;; ++attempt) {
        try {
            base::make_group(unified, path);
            return use();
        } catch (const base::SystemError& error) {
            if ((error.error() != ENOENT && error.error() != ENODEV) || attempt == 20) throw;
        }
    }
}

// Spawns the helper in the supervisors' group, so that no limit and no session of the caller holds
// it. A helper that is to get a scope is born in the caller's group, because systemd makes a scope
// around a process.
HelperProcess spawn_helper(const LiveState& live, const HostFacts& host,
                           const base::OperationLock& lock, bool scope) {
    const base::Hierarchy* unified = base::unified_of(host.hierarchies);
    const std::string path = helper_group(live.cgroup);
    const std::string& name = live.domain.name;
    if (unified == nullptr || scope) return HelperProcess::spawn(name, lock.fd(), {path, {}});
    return with_helper_group(*unified, path, [&] {
        const base::UniqueFd group = base::open_file(unified->mount + path, O_RDONLY | O_DIRECTORY);
        return HelperProcess::spawn(name, lock.fd(), {path, group});
    });
}

// Moves the helper out of the caller's group, into a scope of its own or to the other supervisors.
// Returns the folder for the container's group: the scope's, or empty for the partition.
std::string enter_scope(LiveState& live, const HostFacts& host, pid_t helper,
                        const systemd::Log& log) {
    std::string scope = systemd::make_scope(live.domain, helper, log).value_or("");
    const base::Hierarchy& unified = *base::unified_of(host.hierarchies);
    const auto enter = [&](const std::string& group) {
        base::write_value(unified.mount + group + "/cgroup.procs", std::to_string(helper));
    };
    if (scope.empty()) {
        const std::string group = helper_group(live.cgroup);
        with_helper_group(unified, group, [&] { enter(group); });
        return scope;
    }
    live.cgroup = outer_group(live.domain, helper, scope);
    live.partition.clear();
    // The helper leaves the scope's own group, or no controller could be switched on below it
    // (cgroups(7), "no internal processes").
    base::make_leaf_group(unified, helper_group(live.cgroup));
    enter(helper_group(live.cgroup));
    return scope;
}

// Undoes a start. The helper undoes its part, unless it was killed. The files are the driver's
// part, and so is the supervisors' group if no helper was spawned or the helper failed before it
// knew the group.
void undo_start(const Root& root, const LiveState& live, std::optional<HelperProcess>& helper,
                const HostFacts& host) {
    const bool killed = helper && !helper->abandon();
    const base::Hierarchy* unified = base::unified_of(host.hierarchies);
    if (unified != nullptr) base::remove_empty_group(*unified, helper_group(live.cgroup));
    try {
        if (killed) remove_groups(live);
    } catch (const base::Exception& error) {
        // live.xml stays, and the next command that changes the domain tries again.
        log_line(root, live.domain.name, error.message());
        return;
    }
    remove_profile(root, live.domain);
    // A helper that had its plan has run these hooks itself.
    if (killed || live.helper == 0) run_late_end_hooks(root, live.domain);
    release_ports(root, live.domain);
    remove_live(root, live.domain.name);
    record_end(root, live.domain.name, "failed", "");
}

}  // namespace

StartedDomain start_domain(const Root& root, StartRequest request, const HostFacts& host,
                           const base::OperationLock& lock) {
    clean_up(root, request.domain.name);
    if (!has_pre_start(request.domain)) check_startable(request.domain);
    LiveState live;
    live.autodestroy = has(request.flags, StartFlags::autodestroy);
    live.domain = std::move(request.domain);
    const std::string& name = live.domain.name;
    const auto log = log_of(root, name);
    const bool scope = systemd::wants_scope(root, host, log);
    std::optional<HelperProcess> helper;
    StartedDomain started;
    try {
        // From here on a kill leaves a live.xml by which clean_up() finds everything, beginning
        // with the supervisors' group.
        live.cgroup = outer_group(live.domain, 0);
        live.partition = base::first_missing_above(host.hierarchies, live.cgroup);
        name_ports(live.domain);
        write_live(root, live);
        if (has_pre_start(live.domain)) {
            run_pre_start(root, live.domain, false);
            check_startable(live.domain);
        }
        // The helper loads and resets itself while its plan is compiled.
        helper = spawn_helper(live, host, lock, scope);
        const std::string folder =
            scope ? enter_scope(live, host, helper->pid(), log) : std::string();
        name_live_domain(live.domain, helper->pid());
        name_profile(root, host, live.domain);
        claim_ports(root, live.domain, helper->pid());
        helper::Plan plan =
            compile_plan(live.domain, root, host,
                         {.helper = helper->pid(),
                          .paused = has(request.flags, StartFlags::paused),
                          .autodestroy = has(request.flags, StartFlags::autodestroy),
                          .has_hooks = calls_hooks(root, live.domain),
                          .uri = request.uri,
                          .group_folder = folder,
                          .log = log});
        call_hooks(root, live, "prepare");
        call_hooks(root, live, "start");
        carry_out(root, host, *helper, std::move(plan), live);
        systemd::register_machine(root, live, helper->pid(), log);
        call_hooks(root, live, "started");
        if (request.console && !live.domain.consoles.empty()) {
            auto [ours, theirs] = base::socket_pair(SOCK_STREAM | SOCK_NONBLOCK);
            helper->commit(theirs);
            started.console = std::move(ours);
        } else {
            helper->commit();
        }
    } catch (const base::Exception&) {
        undo_start(root, live, helper, host);
        throw;
    }
    journal_lifecycle(root, name, live.domain.uuid, DomainLifecycle::started,
                      detail::started_booted);
    if (has(request.flags, StartFlags::paused))
        journal_lifecycle(root, name, live.domain.uuid, DomainLifecycle::suspended,
                          detail::suspended_paused);
    if (has(request.flags, StartFlags::autodestroy) || started.console)
        started.channel = helper->take_channel();
    return started;
}

namespace {

// Runs pre-start, checks and compiles. If that fails, the hooks of the container's end run, as a
// start's failure would run them.
helper::Plan plan_of_restart(const Root& root, const xml::Domain& domain, const HostFacts& host,
                             const CompileOptions& options) {
    try {
        run_pre_start(root, domain, true);
        check_startable(domain);
        return compile_plan(domain, root, host, options);
    } catch (const base::Exception&) {
        run_late_end_hooks(root, domain);
        throw;
    }
}

}  // namespace

void restart_domain(const Root& root, const std::string& name, const std::string& uri,
                    base::UniqueFd channel, pid_t helper_pid) {
    settle(root, name, true);
    auto live = read_live(root, name);
    if (!live)
        base::fail(base::ErrorCode::internal_error, "domain '{}' has no live definition", name);
    HelperProcess helper = HelperProcess::adopt(std::move(channel), helper_pid);
    const HostFacts host = host_facts(root);
    helper::Plan plan = plan_of_restart(root, live->domain, host,
                                        {.helper = helper_pid,
                                         .has_hooks = calls_hooks(root, live->domain),
                                         .uri = uri,
                                         .group_folder = base::parent_folder(live->cgroup),
                                         .log = log_of(root, name)});
    carry_out(root, host, helper, std::move(plan), *live);
    systemd::register_machine(root, *live, helper_pid, log_of(root, name));
    helper.commit();
}

}  // namespace lxvirt::driver
