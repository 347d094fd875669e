// lxc_helper --name NAME --channel FD --group PATH [--operation FD] [--image FD] [--alive FD] ...
//
// Supervises one container. It is not started by hand: the driver spawns it (helper/exchange/protocol.hh),
// and it executes itself anew for a reboot. Every descriptor above the named ones is closed.
//
// lxc_enter --enter
//
// Runs a program in a running container (helper/enter.hh).
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/other_version.hh"
#include "base/process/capability.hh"
#include "base/process/process.hh"
#include "base/process/program.hh"
#include "base/text/text.hh"
#include "helper/enter.hh"
#include "helper/exchange/protocol.hh"
#include "helper/launch.hh"
#include "helper/objects/groups.hh"
#include "helper/supervisor.hh"

namespace lxvirt::helper {

namespace {

constexpr int kCommitAttempts = 100;  // of ten milliseconds each
constexpr auto kReportLimit = std::chrono::seconds(10);

// Holds the command line. Descriptors that were not given are -1.
struct Arguments {
    std::string name;
    int channel = -1;
    int operation = -1;  // the operation lock, shared with the driver during a start
    int alive = -1;      // the alive lock, kept over a restart
    int owner = -1;      // a channel whose end is the container's end, kept over a restart
    int agent = -1;      // pidfd of the driver's process that serves a restart
    int image = -1;      // the clone that this process was executed from
    std::string group;   // the supervisors' group
    std::uint64_t boots = 1;
    std::uint64_t quick_ends = 0;  // how many boots in a row ended at once
};

// Parses the command line, and ends the program with status 2 if a necessary option is missing:
// then a person has started it.
Arguments parse_arguments(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        const std::string_view value = argv[i + 1];
        const int number = base::parse_number<int>(value).value_or(-1);
        if (option == "--name")
            arguments.name = value;
        else if (option == "--channel")
            arguments.channel = number;
        else if (option == "--operation")
            arguments.operation = number;
        else if (option == "--alive")
            arguments.alive = number;
        else if (option == "--owner")
            arguments.owner = number;
        else if (option == "--agent")
            arguments.agent = number;
        else if (option == "--image")
            arguments.image = number;
        else if (option == "--group")
            arguments.group = value;
        else if (option == "--boots")
            arguments.boots = static_cast<std::uint64_t>(number);
        else if (option == "--quick-ends")
            arguments.quick_ends = static_cast<std::uint64_t>(number);
    }
    if (arguments.name.empty() || arguments.channel < 3 || arguments.group.empty()) {
        (void)std::fprintf(stderr, "lxc_helper is started by lxsh, not by hand; see lxsh(1)\n");
        std::exit(2);
    }
    return arguments;
}

// Receives the plan, which comes in a memfd beside an empty message.
Plan receive_plan(base::Fd channel) {
    const auto message = base::receive_message(channel, kMaxMessage);
    if (!message || message->fds.empty())
        base::fail(base::ErrorCode::internal_error, "the driver went away before it sent the plan");
    const std::string bytes = base::read_all(message->fds.front(), "launch plan", kMaxPlan);
    if (const auto problem = base::other_version(bytes, kPlanVersion,
                                                 "this lxc_helper reads launch plans of version"))
        base::fail(base::ErrorCode::internal_error, "{}: it and lxsh are not of one installation",
                   *problem);
    return base::decode<Plan>(bytes, "launch plan");
}

// Takes the alive lock, whose holder is the sign that the container runs; after a restart the
// process has it already.
base::RecordLock take_alive_lock(const Arguments& arguments, const Plan& plan) {
    const std::string& path = plan.supervision.alive_lock;
    if (arguments.alive >= 0) return base::RecordLock::adopt(base::UniqueFd(arguments.alive), path);
    auto lock = base::RecordLock::try_acquire(path);
    if (!lock) base::fail(base::ErrorCode::operation_invalid, "domain is already running");
    return std::move(*lock);
}

// The job of this process.
struct Work {
    Plan plan;
    base::RecordLock alive;
};

// Leaves the caller's groups while the driver is still compiling the plan, then receives the plan.
// A helper that gets none leaves the supervisors' group properly all the same.
Work receive_work(const Arguments& arguments, base::Fd channel) {
    Groups groups;
    groups.hierarchies = base::find_hierarchies();
    groups.helper = arguments.group;
    try {
        leave_callers_groups(groups.hierarchies);
        Plan plan = receive_plan(channel);
        base::RecordLock alive = take_alive_lock(arguments, plan);
        return {std::move(plan), std::move(alive)};
    } catch (const base::Exception&) {
        leave_helper_group(groups, {});
        throw;
    }
}

// Waits for the byte that commits the start, and returns the message, or nothing where the start is
// to be undone. Only the end of the other side may undo a start that is all but done; a receive that
// fails for want of memory is retried.
std::optional<base::Message> await_commit(base::Fd channel) {
    for (int attempt = 0;; ++attempt) {
        try {
            auto message = base::receive_message(channel, 1);
            if (message && message->bytes != "c") message.reset();
            return message;
        } catch (const base::SystemError&) {
            if (attempt == kCommitAttempts) return std::nullopt;
            ::usleep(10'000);
        }
    }
}

// Executes the installed helper in this process, which keeps its pid and its locks. A process of
// the driver, lxc_agent, compiles the plan from the live definition and sends it over a new
// channel. Returns only by throwing.
void restart(const Arguments& arguments, const Plan& plan, const base::RecordLock& alive,
             const Supervisor& supervisor, const base::OperationLock& operation) {
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    const base::UniqueFd program = base::open_readonly_program(plan.supervision.helper_path);
    const std::string& agent_path = plan.supervision.agent_path;
    const base::UniqueFd agent_program = base::open_file(agent_path, O_PATH);
    // The agent is born outside the supervisors' group, which could not be removed while it is in
    // there. It shares the operation lock: if this helper is killed, nobody else starts the domain
    // before the agent has ended.
    base::UniqueFd root;
    if (const base::Hierarchy* unified = base::unified_of(plan.groups.hierarchies))
        root = base::open_file(unified->mount, O_RDONLY | O_DIRECTORY);
    const base::UniqueFd agent =
        base::start_program({.program = agent_program,
                             .argv = {agent_path, "restart", plan.supervision.uri, plan.name,
                                      std::to_string(::getpid())},
                             .fds = {theirs, operation.fd()},
                             .group = root})
            .process;
    alive.keep_over_exec(true);
    for (const base::Fd fd : {base::Fd(ours), operation.fd(), base::Fd(agent), base::Fd(program)})
        base::keep_over_exec(fd, true);
    std::vector<std::string> words{"lxc_helper"};
    const auto add = [&](const char* option, const std::string& value) {
        words.emplace_back(option);
        words.push_back(value);
    };
    add("--name", arguments.name);
    add("--channel", std::to_string(ours.get()));
    add("--operation", std::to_string(operation.fd().get()));
    add("--alive", std::to_string(alive.fd().get()));
    if (const base::Fd owner = supervisor.owner(); owner.valid()) {
        base::keep_over_exec(owner, true);
        add("--owner", std::to_string(owner.get()));
    }
    add("--agent", std::to_string(agent.get()));
    add("--image", std::to_string(program.get()));
    add("--boots", std::to_string(arguments.boots + 1));
    add("--quick-ends", std::to_string(supervisor.quick_ends()));
    add("--group", plan.groups.helper);
    base::exec_program(program, words);
    base::fail_errno("execute '{}'", plan.supervision.helper_path);
}

// Starts the container, reports to the driver, and supervises until the end. Does not return in
// most cases: the helper executes itself anew or exits.
int supervise(Arguments& arguments, base::UniqueFd& channel, const Plan& plan,
              base::RecordLock& alive) {
    base::UniqueFd operation(arguments.operation);
    base::UniqueFd agent(arguments.agent);
    base::UniqueFd owner(arguments.owner);
    std::optional<Supervisor> supervisor;
    try {
        base::UniqueFd image(arguments.image);
        // The supervisor is made before the container, so that a failure of it leaves no container
        // behind.
        supervisor.emplace(plan, SupervisorOptions{.alive = &alive,
                                                   .boots = arguments.boots,
                                                   .quick_ends = arguments.quick_ends});
        supervisor->begin(launch(plan, image, channel));
        base::send_message(channel, base::encode(supervisor->start_reply()));
    } catch (...) {
        if (supervisor && supervisor->has_begun()) {
            supervisor->undo();
        } else {
            (void)run_end_hooks(plan.hooks, end_moment(plan, {}), "stop");
            leave_helper_group(plan.groups, leaving_record(plan.supervision.run_folder));
        }
        throw;
    }
    auto commit = await_commit(channel);
    if (!commit) {
        supervisor->undo();
        return 1;
    }
    operation.reset();
    if (agent) (void)base::reap(agent, true);
    agent.reset();
    const bool has_client = !commit->fds.empty();
    if (plan.supervision.autodestroy)
        supervisor->watch_owner(std::exchange(channel, base::UniqueFd()));
    if (has_client)
        supervisor->attach_client(std::move(commit->fds.front()),
                                  std::exchange(channel, base::UniqueFd()));
    channel.reset();
    commit.reset();
    if (owner) supervisor->watch_owner(std::move(owner));
    if (supervisor->run() == Outcome::restart) {
        const auto held = supervisor->take_operation_lock();
        try {
            restart(arguments, plan, alive, *supervisor, *held);
        } catch (const base::Exception& error) {
            supervisor->give_up_restart(error.message());
        }
    }
    supervisor->release_resources();
    alive.release();
    supervisor->report_end(false);
    supervisor->close_connections();
    ::_exit(0);  // the kernel frees the rest faster
}

// Reports a failed start, and stays until the driver has written it down: otherwise a reader could
// take the end for a kill.
void report_failure(base::Fd channel, std::int32_t error, const std::string& text) {
    StartReply reply;
    reply.error = error;
    reply.failure = text;
    try {
        base::send_message(channel, base::encode(reply));
        while (base::wait_readable(channel, kReportLimit) &&
               base::receive_message(channel, kMaxMessage)) {
        }
    } catch (const base::Exception&) {
        // The driver is gone; nobody is left to report to.
    }
}

}  // namespace

}  // namespace lxvirt::helper

int main(int argc, char** argv) {
    using namespace lxvirt;
    using namespace lxvirt::helper;
    if (argc > 1 && std::string_view(argv[1]) == "--enter") return enter_main();
    Arguments arguments = parse_arguments(argc, argv);
    base::UniqueFd channel(arguments.channel);
    try {
        const auto handed = {arguments.channel, arguments.operation, arguments.alive,
                             arguments.owner,   arguments.agent,     arguments.image};
        base::become_supervisor(std::max(handed));
        for (const int fd : handed)
            if (fd >= 0) base::keep_over_exec(base::Fd(fd), false);
        (void)::prctl(PR_SET_NAME, "lxc_helper");
        if (::prctl(PR_SET_DUMPABLE, 0) != 0) base::fail_errno("forbid to be traced");
        Work work = receive_work(arguments, channel);
        return supervise(arguments, channel, work.plan, work.alive);
    } catch (const base::Exception& error) {
        report_failure(channel, static_cast<std::int32_t>(error.code()), error.message());
    }
    return 1;
}
