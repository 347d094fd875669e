#include "helper/enter.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/other_version.hh"
#include "base/process/process.hh"
#include "base/process/program.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"
#include "helper/exchange/protocol.hh"
#include "helper/exchange/sync.hh"

namespace lxvirt::helper {

namespace {

using base::ErrorCode;
using base::UniqueFd;

// Bounds the retries, 10 ms apart, if the init moves between its own groups meanwhile.
constexpr int kGroupAttempts = 100;
// Bounds the wait for the end of a killed program. A frozen one ends only when it is thawed, and
// nobody waits for that.
constexpr auto kLastMoment = std::chrono::seconds(2);
// Bounds the time to enter, which takes milliseconds. A container may have frozen a group of its
// own, and the driver, which holds the operation lock meanwhile, must not wait for that.
constexpr auto kEnterLimit = std::chrono::seconds(5);

// Throws operation_failed: the init ended between the driver's look and this one.
[[noreturn]] void fail_ended() {
    base::fail(ErrorCode::operation_failed, "the domain's init has just ended");
}

// Receives the plan in a memfd beside an empty message, and refuses one of another version.
EnterPlan receive_plan(base::Fd channel) {
    const auto message = base::receive_message(channel, kMaxMessage);
    if (!message || message->fds.empty())
        base::fail(ErrorCode::internal_error, "lxsh went away before it sent the plan");
    const std::string bytes = base::read_all(message->fds.front(), "plan", kMaxPlan);
    if (const auto problem =
            base::other_version(bytes, kEnterVersion, "this lxc_helper enters by plans of version"))
        base::fail(ErrorCode::internal_error, "{}: it and lxsh are not of one installation",
                   *problem);
    return base::decode<EnterPlan>(bytes, "plan");
}

// Opens the v2 group that the init is in now. The init may have moved itself below the container's
// root group, which then takes no process (cgroup-v2.rst, "no internal process constraint"). A
// group outside the container's own is refused.
UniqueFd open_group_of(pid_t init, const base::Hierarchy& unified, const std::string& outer) {
    const auto text = base::try_read_file(fmt::format("/proc/{}/cgroup", init));
    if (!text) fail_ended();
    for (const std::string_view line : base::split(*text, '\n')) {
        if (!line.starts_with("0::")) continue;
        const std::string path(line.substr(3));
        if (!path.starts_with(outer + "/") || path.find("/../") != std::string::npos)
            base::fail(
                ErrorCode::operation_failed,
                "the domain's init is in control group '{}', which is none of its own ('{}')", path,
                outer);
        return base::open_quietly(unified.mount + path, O_RDONLY | O_DIRECTORY);
    }
    base::fail(ErrorCode::operation_failed, "the domain's init is in no v2 control group");
}

// A number in memory that a child shares.
class SharedPid {
  public:
    SharedPid()
        : place_(::mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0)) {
        if (place_ == MAP_FAILED) base::fail_errno("share memory with a child");
    }
    ~SharedPid() { (void)::munmap(place_, sizeof(pid_t)); }
    SharedPid(const SharedPid&) = delete;
    SharedPid& operator=(const SharedPid&) = delete;
    [[nodiscard]] pid_t& get() const { return *static_cast<pid_t*>(place_); }

  private:
    void* place_;
};

// Runs the program and relays its end, for one driver.
class Entering {
  public:
    Entering(const EnterPlan& plan, base::Fd channel) : plan_(plan), channel_(channel) {
        auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
        sync_ = std::move(ours);
        inner_sync_ = std::move(theirs);
    }

    // Reports the end of the program to the driver; throws whatever fails before the program runs.
    void run() {
        try {
            spawn();
        } catch (const base::SystemError&) {
            if (init_has_ended()) fail_ended();
            throw;
        }
        base::test_point("program-made");
        send_report(channel_, EnterReport{});
        send_word(sync_, kExec);
        attend();
    }

  private:
    // The pidfd of the init becomes readable at its end.
    [[nodiscard]] bool init_has_ended() const {
        return base::wait_readable(base::Fd(kEnterInit), std::chrono::milliseconds(0));
    }

    std::optional<EnterReport> receive_report() {
        const auto message = base::receive_message(sync_, kMaxEnterReport);
        if (!message) return std::nullopt;
        return base::decode<EnterReport>(message->bytes, "report of the program");
    }

    // Makes the process between, which enters the container and makes the program there as a child
    // of this process (CLONE_PARENT).
    void spawn() {
        const auto init = base::pid_of(base::Fd(kEnterInit));
        if (!init) fail_ended();
        const SharedPid program;
        const UniqueFd between = clone_between(*init, program.get());
        inner_sync_.reset();
        std::optional<EnterReport> report;
        const bool in_time = base::wait_readable(sync_, kEnterLimit);
        if (in_time) report = receive_report();
        if (!in_time || !base::wait_readable(between, kLastMoment)) {
            (void)base::send_signal(between, SIGKILL);
            base::fail(ErrorCode::operation_failed,
                       "nothing can be run in the domain: its control group lets no process go on; "
                       "it may have been frozen from inside");
        }
        (void)base::reap(between, true);
        if (report && report->phase == EnterPhase::failed) {
            if (init_has_ended()) fail_ended();
            throw base::PreparedError(static_cast<ErrorCode>(report->code), report->failure);
        }
        if (!report) {
            if (init_has_ended()) fail_ended();
            base::fail(ErrorCode::operation_failed,
                       "what was to become the program was killed before it was that");
        }
        // The program is a child of ours that nobody has reaped, so its pid cannot belong to
        // another process.
        auto process = base::open_pidfd(program.get());
        if (!process) fail_ended();
        pid_ = program.get();
        program_ = std::move(*process);
    }

    // Clones into the init's control group; tries again if the group has just changed.
    UniqueFd clone_between(pid_t init, pid_t& program) {
        const base::Hierarchy* unified = base::unified_of(plan_.hierarchies);
        for (int attempt = 0;; ++attempt) {
            int pidfd = -1;
            clone_args args{};
            args.flags = CLONE_PIDFD;
            args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
            args.exit_signal = SIGCHLD;
            UniqueFd group;
            if (unified != nullptr) {
                group = open_group_of(init, *unified, plan_.outer);
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = static_cast<std::uint64_t>(group.get());
            }
            const pid_t pid = unified != nullptr && !group ? -errno : base::clone3(args);
            if (pid == 0)
                enter_container({.plan = plan_,
                                 .init = base::Fd(kEnterInit),
                                 .init_pid = init,
                                 .sync = inner_sync_,
                                 .program = program});
            if (pid > 0) return UniqueFd(pidfd);
            // The init has left its group, or the group is gone, since it was looked up.
            const bool moved = pid == -EBUSY || pid == -ENOENT || pid == -ENODEV;
            if (!moved || attempt == kGroupAttempts)
                base::fail_with(-pid, "make a process in the container's control group");
            ::usleep(10'000);
        }
    }

    // Waits until the program ends, or the driver does. The program's exec is waited for here, too:
    // a file system of the container may make that take for ever.
    void attend() {
        for (bool executed = false;;) {
            pollfd entries[] = {{executed ? -1 : sync_.get(), POLLIN, 0},
                                {program_.get(), POLLIN, 0},
                                {channel_.get(), POLLIN, 0}};
            if (::poll(entries, 3, -1) < 0) {
                if (errno == EINTR) continue;
                base::fail_errno("poll");
            }
            if (entries[0].revents != 0) {
                if (const auto failure = receive_report()) return end_with(*failure);
                executed = true;
            } else if (entries[1].revents != 0) {
                return end_with({.phase = EnterPhase::ended});
            } else if (entries[2].revents != 0 && !pass_signal()) {
                return end_program();
            }
        }
    }

    // Passes a signal of the driver on; returns false where the driver is gone.
    bool pass_signal() {
        const auto message = base::receive_message(channel_, kMaxMessage);
        if (!message) return false;
        const auto signal = base::decode<ProgramSignal>(message->bytes, "signal");
        // The signal goes to the process group that the program leads, as a terminal would send it.
        (void)::kill(-pid_, signal.number);
        return true;
    }

    // Reports the program's end with its status or signal.
    void end_with(EnterReport report) {
        // A program that could not be executed is about to end.
        (void)base::wait_readable(program_, kLastMoment);
        const auto status = base::reap(program_, false);
        if (report.phase == EnterPhase::ended)
            (status->signaled ? report.signal : report.status) = status->value;
        send_report(channel_, report);
    }

    // Kills the program and whatever it runs in its process group; processes that made a session of
    // their own go on.
    void end_program() {
        (void)::kill(-pid_, SIGKILL);
        // As a zombie the program would hold up the end of its pid namespace until somebody reaps
        // it.
        if (base::wait_readable(program_, kLastMoment)) (void)base::reap(program_, false);
    }

    const EnterPlan& plan_;
    base::Fd channel_;
    UniqueFd sync_, inner_sync_, program_;
    pid_t pid_ = 0;
};

// Serves one driver; lxc_enter runs one program and ends.
void serve(base::Fd channel) {
    const EnterPlan plan = receive_plan(channel);
    Entering(plan, channel).run();
}

}  // namespace

void send_report(base::Fd socket, const EnterReport& report) {
    base::send_message(socket, base::encode(report));
}

int enter_main() {
    const base::Fd channel(kEnterChannel);
    try {
        // The numbers up to kEnterStandard + 2 are the channel, the init and the program's standard
        // streams.
        base::become_supervisor(kEnterStandard + 2);
        (void)::prctl(PR_SET_NAME, "lxc_enter");
        // A process of the container must not trace this one, which still has the host's rights.
        if (::prctl(PR_SET_DUMPABLE, 0) != 0) base::fail_errno("forbid to be traced");
        for (int fd = kEnterChannel; fd <= kEnterStandard + 2; ++fd)
            base::keep_over_exec(base::Fd(fd), false);
        serve(channel);
        return 0;
    } catch (const base::Exception& error) {
        EnterReport report;
        report.phase = EnterPhase::failed;
        report.status = 1;
        report.code = static_cast<std::int32_t>(error.code());
        report.failure = error.message();
        try {
            send_report(channel, report);
        } catch (const base::Exception&) {
            // lxsh is gone; nobody is left to report to.
        }
    }
    return 1;
}

}  // namespace lxvirt::helper
