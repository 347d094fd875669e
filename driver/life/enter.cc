// The driver's half of entering a container: checks, compiles a plan, opens a terminal, and spawns
// lxc_enter, which joins the namespaces (setns(2)) and becomes the program's parent. The operation
// lock is held only until the program is inside.
#include "driver/life/enter.hh"

#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/socket.hh"
#include "base/process/process.hh"
#include "base/process/program.hh"
#include "driver/device/operation.hh"
#include "driver/device/plug_parts.hh"
#include "driver/plan/parts.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"
#include "driver/store/state.hh"
#include "driver/supervisor/guest.hh"
#include "driver/supervisor/helper_process.hh"
#include "helper/exchange/enter_plan.hh"
#include "helper/exchange/protocol.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::UniqueFd;
using helper::EnterPhase;
using helper::EnterReport;

// Returns which of the standard descriptors the new terminal takes first, or -1 if all were given.
int terminal_of(const EnterRequest& request) {
    for (int fd = 0; fd <= 2; ++fd)
        if (!request.standard[static_cast<std::size_t>(fd)].valid()) return fd;
    return -1;
}

// Returns lxc_enter's plan, with the rights and environment of the container's first process.
helper::EnterPlan plan_of(const Root& root, LiveState live, const EnterRequest& request) {
    const HostFacts host = host_facts(root);
    // Variables that the init inherited came from the caller of its start; those of the present
    // caller are others, so none are passed on.
    live.domain.container.inherited_environment.clear();
    helper::EnterPlan plan;
    plan.name = live.domain.name;
    plan.init = compile::first_process(live.domain, host, {});
    plan.init.argv = request.argv;
    if (!request.term.empty()) compile::set_variable(plan.init.environment, "TERM", request.term);
    if (!request.security_label) {
        plan.init.apparmor.clear();
        plan.init.selinux.clear();
    }
    plan.hierarchies = host.hierarchies;
    plan.outer = live.cgroup;
    plan.inner = inner_group(live.cgroup);
    plan.terminal = terminal_of(request);
    return plan;
}

// Returns a new pty of the container. Only its size comes from the caller: modes of the caller's
// terminal would leak into the container.
base::Pty open_terminal(const Guest& guest, const xml::Domain& domain,
                        const EnterRequest& request) {
    base::Pty pty = open_inner_pty(guest, domain);
    if (request.rows != 0) base::set_window_size(pty.master, request.rows, request.columns);
    if (!request.plain) return pty;
    termios mode{};
    if (::tcgetattr(pty.master.get(), &mode) != 0) base::fail_errno("read the terminal's mode");
    mode.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (::tcsetattr(pty.master.get(), TCSANOW, &mode) != 0)
        base::fail_errno("set the terminal's mode");
    return pty;
}

// Waits for lxc_enter's next report. Throws internal_error if lxc_enter ended.
EnterReport receive_report(base::Fd channel) {
    const auto message = base::receive_message(channel, helper::kMaxEnterReport);
    if (!message)
        base::fail(ErrorCode::internal_error,
                   "lxc_enter, which runs the program, ended without a word");
    return base::decode<EnterReport>(message->bytes, "answer of lxc_enter");
}

// Throws invalid_arg if a standard descriptor is a folder: unlike a file, an open folder is a way
// into the host's file system (CVE-2024-21626).
void refuse_folders(const EnterRequest& request) {
    for (const base::Fd fd : request.standard) {
        struct stat info {};
        if (fd.valid() && ::fstat(fd.get(), &info) == 0 && S_ISDIR(info.st_mode))
            base::fail(ErrorCode::invalid_arg,
                       "descriptor {} is a folder of the host, which a program in the container "
                       "could leave its root by: redirect it to a file, a pipe or /dev/null",
                       fd.get());
    }
}

// A program whose parent is lxc_enter, which is a child of this process.
class LocalProgram final : public EnteredProgram {
  public:
    LocalProgram(UniqueFd channel, UniqueFd process, UniqueFd image, UniqueFd terminal,
                 UniqueFd other_end)
        : channel_(std::move(channel)),
          process_(std::move(process)),
          image_(std::move(image)),
          terminal_(std::move(terminal)),
          other_end_(std::move(other_end)) {}
    ~LocalProgram() override {
        channel_.reset();  // lxc_enter sees the hang-up, kills the program and ends
        if (process_) reap_later(std::move(process_));
    }

    [[nodiscard]] base::Fd ended() const override { return channel_; }
    [[nodiscard]] base::Fd terminal() const override { return terminal_; }
    void let_terminal_end() override { other_end_.reset(); }
    void send_signal(int number) const override {
        (void)unless_it_has_failed(
            [&] { base::send_message(channel_, base::encode(helper::ProgramSignal{number})); });
    }
    [[nodiscard]] ProgramEnd wait() override {
        const EnterReport report = receive_report(channel_);
        (void)base::reap(process_, true);
        process_.reset();
        return {.status = report.status, .signal = report.signal, .failure = report.failure};
    }

  private:
    // image_ is the read-only clone that lxc_enter is executed from; other_end_ is the slave, which
    // keeps the terminal from ending.
    UniqueFd channel_, process_, image_, terminal_, other_end_;
};

// Throws operation_invalid for a frozen domain, in which the program would wait before its first
// instruction.
void require_unpaused(const Root& root, const std::string& name) {
    if (read_state(root, name).state == DomainState::paused)
        base::fail(ErrorCode::operation_invalid,
                   "domain is paused: a program would wait in it; resume it first");
}

}  // namespace

std::unique_ptr<EnteredProgram> enter_domain(const Root& root, const DomainRef& domain,
                                             const EnterRequest& request) {
    refuse_folders(request);
    // The lock is held until the program is inside, so that neither a destroy nor a pause comes in
    // between.
    const base::OperationLock lock = lock_settled(root, domain.name);
    const Guest guest(root, domain.name);
    require_unpaused(root, domain.name);
    auto live = read_live(root, domain.name);
    if (!live) fail_no_live(root, domain.name);
    const helper::EnterPlan plan = plan_of(root, *live, request);
    UniqueFd master, slave;
    if (plan.terminal >= 0) {
        master = open_terminal(guest, live->domain, request).master;
        slave = base::open_slave(master);
    }
    if (request.before_run) request.before_run();
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    UniqueFd image = base::open_readonly_program(helper_path());
    std::vector<base::Fd> fds{theirs, guest.process()};
    for (const base::Fd fd : request.standard) fds.push_back(fd.valid() ? fd : base::Fd(slave));
    base::StartedProgram started =
        base::start_program({.program = image, .argv = {"lxc_enter", "--enter"}, .fds = fds});
    theirs.reset();
    auto program =
        std::make_unique<LocalProgram>(std::move(ours), std::move(started.process),
                                       std::move(image), std::move(master), std::move(slave));
    base::send_message(program->ended(), "plan", {memory_file(base::encode(plan))});
    const EnterReport report = receive_report(program->ended());
    if (report.phase == EnterPhase::failed)
        throw base::PreparedError(static_cast<ErrorCode>(report.code), report.failure);
    return program;
}

}  // namespace lxvirt::driver
