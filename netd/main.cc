// lxnetd --name NAME --channel FD
//
// Supervises one running network. It is not started by hand: the driver spawns it (netd/plan.hh).
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/lock.hh"
#include "base/file/socket.hh"
#include "base/other_version.hh"
#include "base/process/process.hh"
#include "base/process/program.hh"
#include "base/text/text.hh"
#include "netd/supervisor.hh"

namespace lxvirt::netd {

namespace {

// The job of this process.
struct Work {
    NetworkPlan plan;
    bool take_away = false;  // remove what a killed lxnetd has left of the network
};

// Receives the plan, which comes in a memfd.
Work receive_work(base::Fd channel) {
    const auto message = base::receive_message(channel, kMaxMessage);
    if (!message || message->fds.empty())
        base::fail(base::ErrorCode::internal_error, "the driver went away before it sent the plan");
    const std::string bytes = base::read_all(message->fds.front(), "network plan", kMaxPlan);
    if (const auto problem =
            base::other_version(bytes, kPlanVersion, "this lxnetd reads network plans of version"))
        base::fail(base::ErrorCode::internal_error, "{}: it and lxsh are not of one installation",
                   *problem);
    return {base::decode<NetworkPlan>(bytes, "network plan"), message->bytes == kTakeAway};
}

base::RecordLock take_alive_lock(const NetworkPlan& plan) {
    auto lock = base::RecordLock::try_acquire(plan.alive_lock);
    if (!lock) base::fail(base::ErrorCode::operation_invalid, "network is already active");
    return std::move(*lock);
}

// Enters the network's own group in every hierarchy; on v2 lxnetd was born there. dnsmasq inherits
// it.
void enter_group(const NetworkPlan& plan) {
    for (const base::Hierarchy& hierarchy : plan.hierarchies) {
        if (hierarchy.unified) continue;
        base::make_group(hierarchy, plan.group);
        base::attach_self(base::open_attach_file(hierarchy, plan.group));
    }
}

void answer(base::Fd channel, const Reply& reply) {
    try {
        base::send_message(channel, base::encode(reply));
    } catch (const base::Exception&) {
        // The driver is gone; nobody is left to report to.
    }
}

// Waits for the byte that commits the start; false where the driver is gone.
bool is_committed(base::Fd channel) {
    const auto message = base::receive_message(channel, 1);
    return message && message->bytes == "c";
}

int supervise(base::UniqueFd channel) {
    std::optional<base::RecordLock> alive;
    try {
        Work work = receive_work(channel);
        alive = take_alive_lock(work.plan);
        enter_group(work.plan);
        Supervisor supervisor(std::move(work.plan), *alive);
        if (work.take_away) {
            supervisor.take_away();
            answer(channel, {});
            return 0;
        }
        supervisor.start();
        answer(channel, {});
        if (!is_committed(channel)) {
            supervisor.undo();
            return 1;
        }
        channel.reset();
        supervisor.run();
        return 0;
    } catch (const base::Exception& error) {
        if (channel) answer(channel, refusal(error));
    }
    return 1;
}

}  // namespace

}  // namespace lxvirt::netd

int main(int argc, char** argv) {
    using namespace lxvirt;
    const int channel = argc == 5 && std::string_view(argv[1]) == "--name" &&
                                std::string_view(argv[3]) == "--channel"
                            ? base::parse_number<int>(argv[4]).value_or(-1)
                            : -1;
    if (channel < 3) {
        (void)std::fprintf(stderr, "lxnetd is started by lxsh, not by hand; see lxsh(1)\n");
        return 2;
    }
    base::UniqueFd owned(channel);
    try {
        base::become_supervisor(channel);
        base::keep_over_exec(owned, false);
        (void)::prctl(PR_SET_NAME, "lxnetd");
    } catch (const base::Exception& error) {
        netd::answer(owned, netd::refusal(error));
        return 1;
    }
    return netd::supervise(std::move(owned));
}
