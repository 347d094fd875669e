#include "helper/launch.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cgroup/cgroup.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/log.hh"
#include "base/file/run_files.hh"
#include "base/file/socket.hh"
#include "base/process/process.hh"
#include "base/rollback.hh"
#include "helper/child.hh"
#include "helper/exchange/sync.hh"
#include "helper/guard.hh"
#include "helper/objects/groups.hh"
#include "helper/objects/links.hh"
#include "helper/objects/moved_links.hh"
#include "helper/prepare.hh"
#include "helper/rights.hh"

namespace lxvirt::helper {

namespace {

constexpr auto kThawAgain = std::chrono::milliseconds(20);  // while a killed init does not end

using base::UniqueFd;

// Returns the lines of uid_map or gid_map.
std::string map_text(const std::vector<IdMapRow>& rows) {
    std::string text;
    for (const IdMapRow& row : rows)
        text += fmt::format("{} {} {}\n", row.inside, row.outside, row.count);
    return text;
}

// Opens the namespaces that the container shares with others instead of having its own.
std::vector<std::pair<UniqueFd, int>> open_shared(const Namespaces& namespaces) {
    std::vector<std::pair<UniqueFd, int>> enter;
    for (const SharedNamespace& shared : namespaces.shared)
        enter.emplace_back(base::open_file(shared.path, O_RDONLY), static_cast<int>(shared.kind));
    return enter;
}

// Writes the id maps, which only a process outside with CAP_SETUID may do (user_namespaces(7)), and
// puts them on the mounts.
void write_maps(const Plan& plan, const Prepared& prepared, pid_t init) {
    if (plan.namespaces.uid_map.empty()) return;
    const std::string proc = fmt::format("/proc/{}", init);
    base::write_value(proc + "/uid_map", map_text(plan.namespaces.uid_map));
    base::write_value(proc + "/gid_map", map_text(plan.namespaces.gid_map));
    map_mounts(plan, prepared, base::open_file(proc + "/ns/user", O_RDONLY));
}

// Returns a function that appends to the container's log; it refers to `plan`.
HookLog log_of(const Plan& plan) {
    return [&file = plan.supervision.log_file](const std::string& line) {
        base::append_log(file, line);
    };
}

// Makes the network devices.
void connect(const Plan& plan, pid_t init, Launched& launched) {
    const bool fresh = (plan.namespaces.fresh & CLONE_NEWNET) != 0;
    if (!fresh && plan.links.empty()) return;
    UniqueFd netns = base::open_file(fmt::format("/proc/{}/ns/net", init), O_RDONLY);
    launched.moved_links = make_links(plan.links, netns, fresh && plan.init.loopback, log_of(plan));
    if (launched.moved_links.empty()) return;
    launched.network = std::move(netns);
    pin_links(plan.supervision.run_folder, launched.network, launched.moved_links);
}

// Throws the init's own message: its failure is the cause of everything else that fails.
[[noreturn]] void fail_as_reported(const SyncReport& report) {
    // The message already ends in the text of the errno; a SystemError would append it again.
    throw base::Error(base::ErrorCode::internal_error, "guest failed to start: " + report.failure);
}

// Returns the next report that is more than a hook's output, which is logged. While hooks run
// inside, the start is given up when the channel hangs up.
std::optional<SyncReport> next_report(const Plan& plan, base::Fd sync, base::Fd channel) {
    for (;;) {
        if (!plan.hooks.all.empty() && !base::wait_readable_or_hang_up(sync, channel))
            base::fail(base::ErrorCode::operation_failed, "the start was given up");
        auto report = receive_report(sync);
        if (!report || report->output.empty()) return report;
        log_of(plan)(report->output);
    }
}

// Waits until the init is ready for its exec. An end of the stream without a report means that the
// init was killed.
void await_ready(const Plan& plan, base::Fd sync, base::Fd channel) {
    const auto report = next_report(plan, sync, channel);
    if (!report)
        base::fail(base::ErrorCode::internal_error,
                   "guest failed to start: its first process died while it was being set up");
    if (!report->ready) fail_as_reported(*report);
}

// Waits for the init's exec, which closes the stream, or for its failure.
void await_exec(base::Fd sync) {
    if (const auto report = receive_report(sync)) fail_as_reported(*report);
}

}  // namespace

std::vector<std::string> remove_container(const Plan& plan, base::Fd guard, base::Fd init) {
    std::vector<std::string> problems;
    try {
        // The guard's death kills every process of its namespace; when the guard can be reaped, all
        // of them are gone. A frozen v1 task does not take SIGKILL, so the group is thawed until the
        // init is gone: processes that the signal has not reached yet may freeze others meanwhile.
        // An init that was reaped already was the last process.
        if (guard.valid()) (void)base::send_signal(guard, SIGKILL);
        if (init.valid()) {
            do base::thaw_to_kill(plan.groups.hierarchies, plan.groups.outer);
            while (!base::wait_readable(init, kThawAgain));
            (void)base::reap(init, true);
        }
        if (guard.valid()) (void)base::reap(guard, true);
    } catch (const base::Exception& error) {
        problems.push_back(error.message());
    }
    for (std::string& problem : remove_groups(plan.groups)) problems.push_back(std::move(problem));
    return problems;
}

namespace {

void run_host_hooks(const Plan& plan, std::string_view type, pid_t init, base::Fd channel) {
    if (plan.hooks.all.empty()) return;
    run_hooks(plan.hooks, {.type = type,
                           .environment = {fmt::format("LXC_PID={}", init)},
                           .cancel = channel,
                           .log = log_of(plan)});
}

// Opens the namespaces that the container does not share with others.
std::vector<std::pair<std::string, UniqueFd>> keep_namespaces(const Plan& plan, pid_t init) {
    std::vector<std::pair<std::string, UniqueFd>> kept;
    if (!has_hook(plan.hooks, "stop") && !has_hook(plan.hooks, "post-stop")) return kept;
    const std::uint64_t made = plan.namespaces.fresh | CLONE_NEWNS | CLONE_NEWPID |
                               (plan.namespaces.cgroup ? CLONE_NEWCGROUP : 0);
    const std::pair<const char*, std::uint64_t> kinds[] = {
        {"user", CLONE_NEWUSER},    {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
        {"uts", CLONE_NEWUTS},      {"ipc", CLONE_NEWIPC}, {"net", CLONE_NEWNET},
        {"cgroup", CLONE_NEWCGROUP}};
    for (const auto& [name, flag] : kinds)
        if ((made & flag) != 0)
            kept.emplace_back(name,
                              base::open_file(fmt::format("/proc/{}/ns/{}", init, name), O_RDONLY));
    return kept;
}

// Does what needs the init's namespaces, while the init sets itself up in parallel.
void equip(const Plan& plan, const Prepared& prepared, Launched& launched, base::Fd sync,
           base::Fd channel) {
    const pid_t init = launched.init_pid;
    try {
        write_maps(plan, prepared, init);
        if (!plan.namespaces.uid_map.empty()) send_word(sync, kMapsWritten);
        connect(plan, init, launched);
        run_host_hooks(plan, "up", init, channel);
        for (const KeyValue& setting : plan.init.proc)
            base::write_value(fmt::format("/proc/{}/{}", init, setting.key), setting.value);
    } catch (const base::Exception&) {
        // An init that failed takes its namespaces along; then its own message is the cause.
        if (!base::wait_readable(sync, std::chrono::milliseconds(0))) throw;
        await_ready(plan, sync, channel);
        throw;
    }
}

// Waits for the driver's word that the groups exist.
void await_groups(base::Fd driver) {
    if (!await_word(driver, kGroupsMade))
        base::fail(base::ErrorCode::internal_error,
                   "the driver went away before it made the container's groups");
}

// Adds the rules for loop devices, whose numbers are known only now.
Groups with_loop_rules(Groups groups, const Prepared& prepared) {
    groups.devices.insert(groups.devices.end(), prepared.loop_rules.begin(),
                          prepared.loop_rules.end());
    return groups;
}

}  // namespace

// Names the namespaces as lxc does, LXC_MNT_NS=/proc/PID/fd/N and the argument mnt:/proc/PID/fd/N.
HookMoment end_moment(const Plan& plan, const Launched& launched) {
    HookMoment moment;
    moment.log = log_of(plan);
    if (launched.init_pid != 0)
        moment.environment.push_back(fmt::format("LXC_PID={}", launched.init_pid));
    for (const auto& [name, fd] : launched.namespaces) {
        const std::string path = fmt::format("/proc/{}/fd/{}", ::getpid(), fd.get());
        std::string upper = name;
        for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
        moment.environment.push_back(fmt::format("LXC_{}_NS={}", upper, path));
        moment.arguments.push_back(fmt::format("{}:{}", name, path));
    }
    return moment;
}

std::vector<std::string> give_back_links(const Plan& plan, Launched& launched) {
    auto problems = give_back_links(launched.moved_links, launched.network);
    launched.moved_links.clear();
    launched.network.reset();
    try {
        unpin_links(plan.supervision.run_folder);
    } catch (const base::Exception& error) {
        problems.push_back(error.message());
    }
    return problems;
}

Launched launch(const Plan& plan, base::Fd image, base::Fd channel) {
    // Hooks find the root below this folder before it becomes "/".
    if (!plan.hooks.stage.empty()) base::make_folders(plan.hooks.stage);
    Prepared prepared = prepare(plan);
    prepared.image = image;
    const auto enter = open_shared(plan.namespaces);
    Launched launched;
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    raise_hard_limits(plan.init);
    launched.guard = spawn_guard();
    base::Rollback rollback;  // destroyed before what it refers to
    // Half-made parts are removed, too. Groups that the driver is just making are its own to remove
    // until it says that they exist.
    rollback.add([&] {
        for (const std::string& problem : give_back_links(plan, launched)) log_of(plan)(problem);
        (void)remove_container(plan, launched.guard, launched.init);
    });
    if (plan.groups.made_by_driver)
        await_groups(channel);
    else
        make_groups(with_loop_rules(plan.groups, prepared), plan.namespaces);
    const MadeGroups groups = open_groups(plan.groups);
    const ChildContext context{plan, prepared, groups, theirs};
    launched.init =
        spawn_init(launched.guard, enter, plan.namespaces.fresh | CLONE_NEWNS, groups.unified,
                   plan.namespaces.time_offsets, [&context, &ours = ours] {
                       ours.reset();
                       run_child(context);
                   });
    theirs.reset();
    const auto pid = base::pid_of(launched.init);
    if (!pid) await_ready(plan, ours, channel);
    launched.init_pid = *pid;
    equip(plan, prepared, launched, ours, channel);
    // This work overlaps with the init's.
    launched.init_start = base::start_time(*pid);
    launched.listener = base::listen_local(plan.supervision.run_folder, base::kControlSocket);
    await_ready(plan, ours, channel);
    launched.namespaces = keep_namespaces(plan, *pid);
    run_host_hooks(plan, "start-host", *pid, channel);
    // A paused container is frozen before its exec, so that not one instruction of it runs.
    if (plan.supervision.paused) base::freeze_group(plan.groups.hierarchies, plan.groups.outer);
    send_word(ours, kExec);
    if (!plan.supervision.paused) await_exec(ours);
    launched.consoles = std::move(prepared.consoles);
    launched.loops = std::move(prepared.loops);
    launched.dev = std::move(prepared.dev_whole);
    launched.dev_number = prepared.dev_number;
    launched.quiet = std::move(prepared.quiet);
    rollback.dismiss();
    return launched;
}

}  // namespace lxvirt::helper
