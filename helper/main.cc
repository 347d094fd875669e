// lxc_helper --name NAME --channel FD [--operation FD] [--agent PATH]
//
// Supervises one container. Not for people: the driver spawns it (helper/protocol.hh), and it executes
// itself for a reboot. Every descriptor above the ones named is closed.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/capability.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file.hh"
#include "base/log.hh"
#include "base/socket.hh"
#include "base/text.hh"
#include "helper/groups.hh"
#include "helper/launch.hh"
#include "helper/protocol.hh"
#include "helper/supervisor.hh"

namespace lxvirt::helper {

namespace {

struct Arguments {
    std::string name;
    int channel = -1;
    int operation = -1;  // the operation lock, shared with the driver until the start is done
    int alive = -1;      // the alive lock, kept over a restart
    std::uint64_t boots = 1;
};

Arguments parse_arguments(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        const std::string_view value = argv[i + 1];
        const int number = base::parse_number<int>(value).value_or(-1);
        if (option == "--name") arguments.name = value;
        else if (option == "--channel") arguments.channel = number;
        else if (option == "--operation") arguments.operation = number;
        else if (option == "--alive") arguments.alive = number;
        else if (option == "--boots") arguments.boots = static_cast<std::uint64_t>(number);
    }
    if (arguments.name.empty() || arguments.channel < 3) {
        (void)std::fprintf(stderr, "lxc_helper is started by lxsh, not by hand; see lxsh(1)\n");
        std::exit(2);
    }
    return arguments;
}

// The plan comes in a memfd beside an empty request.
Plan receive_plan(base::Fd channel) {
    const auto message = base::receive_message(channel, kMaxMessage);
    if (!message || message->fds.empty())
        base::fail(base::ErrorCode::internal_error, "the driver went away before it sent the plan");
    const std::string bytes = base::read_all(message->fds.front(), "launch plan", kMaxPlan);
    auto plan = base::decode<Plan>(bytes, "launch plan");
    if (plan.version != kPlanVersion)
        base::fail(base::ErrorCode::internal_error,
                   "this lxc_helper reads launch plans of version {}, not {}", kPlanVersion, plan.version);
    return plan;
}

base::RecordLock take_alive_lock(const Arguments& arguments, const Plan& plan) {
    const std::string& path = plan.supervision.alive_lock;
    if (arguments.alive >= 0) return base::RecordLock::adopt(base::UniqueFd(arguments.alive), path);
    auto lock = base::RecordLock::try_acquire(path);
    if (!lock) base::fail(base::ErrorCode::operation_invalid, "domain is already running");
    return std::move(*lock);
}

bool await_commit(base::Fd channel) {
    const auto message = base::receive_message(channel, 1);
    return message && message->bytes == "c";
}

int supervise(const Arguments& arguments, base::UniqueFd channel, const Plan& plan) {
    enter_helper_group(plan.groups);
    Launched launched;
    try {
        launched = launch(plan);
    } catch (...) {
        leave_helper_group(plan.groups);
        throw;
    }
    (void)arguments;
    base::UniqueFd operation(arguments.operation);
    Supervisor supervisor(plan, std::move(launched), {.boots = arguments.boots});
    StartReply reply;
    reply.host_consoles = supervisor.host_consoles();
    base::send_message(channel, base::encode(reply));
    if (!await_commit(channel)) {
        // TODO rollback
        return 1;
    }
    operation.reset();
    channel.reset();
    (void)supervisor.run();
    return 0;
}

void report_failure(base::Fd channel, std::int32_t error, const std::string& text) {
    StartReply reply;
    reply.error = error;
    reply.failure = text;
    try {
        base::send_message(channel, base::encode(reply));
    } catch (const base::Exception&) {
        // The driver is gone; there is nobody to tell.
    }
}

}  // namespace

}  // namespace lxvirt::helper

int main(int argc, char** argv) {
    using namespace lxvirt;
    using namespace lxvirt::helper;
    const Arguments arguments = parse_arguments(argc, argv);
    base::UniqueFd channel(arguments.channel);
    try {
        base::become_supervisor(std::max({arguments.channel, arguments.operation, arguments.alive}));
        (void)::prctl(PR_SET_NAME, "lxc_helper");
        if (::prctl(PR_SET_DUMPABLE, 0) != 0) base::fail_errno("forbid to be traced");
        const Plan plan = receive_plan(channel);
        const base::RecordLock alive = take_alive_lock(arguments, plan);
        return supervise(arguments, std::move(channel), plan);
    } catch (const base::Exception& error) {
        report_failure(channel, static_cast<std::int32_t>(error.code()), error.message());
    }
    return 1;
}
