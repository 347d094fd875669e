#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/process/capability.hh"
#include "base/process/process.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"
#include "helper/enter.hh"
#include "helper/exchange/sync.hh"
#include "helper/rights.hh"
#include "helper/stack.hh"

namespace lxvirt::helper {

namespace {

using base::fail_errno;

constexpr int kNotExecutable = 126, kNotFound = 127;  // exit statuses of sh(1)
constexpr std::size_t kStackSize = 1U << 20;

// Reports a program that cannot be executed.
struct NotExecuted : base::PreparedError {
    NotExecuted(int status_, const std::string& text)
        : PreparedError(base::ErrorCode::operation_failed, text), status(status_) {}
    int status;
};

EnterReport failure_of(const base::Exception& error, int status) {
    EnterReport report;
    report.phase = EnterPhase::failed;
    report.status = status;
    report.code = static_cast<std::int32_t>(error.code());
    report.failure = error.message();
    return report;
}

// Enters the v1 groups; this process was born in the v2 group.
void enter_groups(const EnterPlan& plan) {
    for (const base::Hierarchy& hierarchy : plan.hierarchies) {
        if (hierarchy.unified) continue;
        // A hierarchy without limits has no inner group.
        const bool inner = base::exists(hierarchy.mount + plan.inner);
        base::attach_self(base::open_attach_file(hierarchy, inner ? plan.inner : plan.outer));
    }
}

// Returns the kinds of namespaces to enter: all that differ from ours. The user namespace that a
// process is in cannot be entered again (setns(2), EINVAL).
int namespaces_to_enter(pid_t init) {
    constexpr std::pair<const char*, int> kinds[] = {
        {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},       {"pid", CLONE_NEWPID},
        {"net", CLONE_NEWNET},   {"ipc", CLONE_NEWIPC},      {"uts", CLONE_NEWUTS},
        {"time", CLONE_NEWTIME}, {"cgroup", CLONE_NEWCGROUP}};
    int flags = 0;
    for (const auto& [name, flag] : kinds) {
        struct stat own {
        }, other{};
        // A kernel without time namespaces has no such file.
        if (::stat(fmt::format("/proc/self/ns/{}", name).c_str(), &own) != 0) continue;
        const std::string path = fmt::format("/proc/{}/ns/{}", init, name);
        if (::stat(path.c_str(), &other) != 0) fail_errno("look at namespace '{}'", path);
        if (own.st_ino != other.st_ino) flags |= flag;
    }
    return flags;
}

void enter_namespaces(const EnterContext& context) {
    const int flags = namespaces_to_enter(context.init_pid);
    // The pidfd names the init for certain; a pid may have been given to another process.
    if (::setns(context.init.get(), flags) != 0) fail_errno("enter the container's namespaces");
    base::become_root();
}

// Leaves the program its own three descriptors, and `sync`.
void place_files(base::Fd sync) {
    for (int fd = 0; fd <= 2; ++fd)
        if (base::uninterrupted([&] { return ::dup2(kEnterStandard + fd, fd); }) < 0)
            fail_errno("open descriptor {} of the program", fd);
    const auto number = static_cast<unsigned>(sync.get());
    if ((number > 3 && ::close_range(3, number - 1, 0) != 0) ||
        ::close_range(number + 1, ~0U, 0) != 0)
        base::fail_call("close_range", "close the files of lxc_enter");
}

// Gives up all rights that the program is not to have. Each step needs a capability that a later
// one gives up, as in child.cc. CAP_SETUID is not among them, since this process is root already.
void give_up(const Init& init) {
    base::limit_bounding_set(init.capabilities);
    load_seccomp(init.seccomp);
    base::limit_capabilities(init.capabilities);
    give_up_new_privileges(init);
}

// --- in the program's own process

[[noreturn]] void fail_exec(const EnterPlan& plan, int error, const std::string& path) {
    const std::string& program = plan.init.argv.front();
    const bool searched = program.find('/') == std::string::npos;
    const bool missing = error == ENOENT || error == ENOTDIR;
    std::string why = base::errno_text(error);
    if (missing && searched)
        why = fmt::format("not found in PATH '{}'", path);
    else if (missing && ::access(program.c_str(), F_OK) == 0)
        why = "the interpreter that it names is not there";
    throw NotExecuted(
        missing ? kNotFound : kNotExecutable,
        fmt::format("cannot execute '{}' in domain '{}': {}", program, plan.name, why));
}

// Returns the PATH of the program's environment; without one, the default of execvp(3).
std::string path_of(const std::vector<std::string>& environment) {
    constexpr std::string_view name = "PATH=";
    for (const std::string& variable : environment)
        if (variable.starts_with(name)) return variable.substr(name.size());
    return "/bin:/usr/bin";
}

// Executes the program as execvp(3) does, but a file that is found and is no program is not handed
// to a shell.
[[noreturn]] void execute(const EnterPlan& plan) {
    const auto argv = pointers(plan.init.argv);
    const auto environment = pointers(plan.init.environment);
    const std::string& program = plan.init.argv.front();
    // A path with a slash is not looked for.
    if (program.find('/') != std::string::npos) {
        (void)::execve(program.c_str(), argv.data(), environment.data());
        fail_exec(plan, errno, {});
    }
    const std::string path = path_of(plan.init.environment);
    int worst = ENOENT;
    for (const std::string_view folder : base::split(path, ':')) {
        if (program.empty()) break;
        const std::string candidate =
            fmt::format("{}/{}", folder.empty() ? std::string_view(".") : folder, program);
        (void)::execve(candidate.c_str(), argv.data(), environment.data());
        if (errno == ENOENT || errno == ENOTDIR) continue;
        worst = errno;
        if (errno != EACCES) break;
    }
    fail_exec(plan, worst, path);
}

void become_program(const EnterContext& context) {
    // A session of its own makes the terminal the controlling one.
    if (::setsid() < 0) fail_errno("start a session");
    if (context.plan.terminal >= 0 && ::ioctl(context.plan.terminal, TIOCSCTTY, 0) != 0)
        fail_errno("take the terminal as the controlling one");
    // The program ends with lxc_enter. Where lxc_enter has ended before this call, its word does
    // not come.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail_errno("end with lxc_enter");
    base::test_point("entered");
    send_report(context.sync, EnterReport{});
    if (!await_word(context.sync, kExec)) ::_exit(1);
    const std::string& folder = context.plan.init.folder;
    if (!folder.empty() && ::chdir(folder.c_str()) != 0)
        fail_errno("change to the folder '{}' of domain '{}'", folder, context.plan.name);
    execute(context.plan);
}

// Reports an exception that `act` throws; `act` returns only on success.
template <typename Act>
void report_failure(base::Fd sync, Act act) noexcept {
    try {
        try {
            act();
            return;
        } catch (const NotExecuted& error) {
            send_report(sync, failure_of(error, error.status));
        } catch (const base::Exception& error) {
            send_report(sync, failure_of(error, 1));
        }
    } catch (const std::exception&) {
        // lxc_enter is gone, and with it the reason to go on.
    }
    ::_exit(1);
}

// Runs in the container as the program-to-be.
int program_main(void* argument) {
    const auto& context = *static_cast<const EnterContext*>(argument);
    base::begin_test_program("lxc_program");
    report_failure(context.sync, [&] { become_program(context); });
    return 1;
}

// Moves this process into the container step by step; the order is that of the rights that each
// step needs.
void enter(const EnterContext& context) {
    const Init& init = context.plan.init;
    // These settings of /proc/self apply to the next execve(2), also that of a child; they are
    // written now, while /proc is still the host's.
    write_label(open_label(init), init);
    join_keyring(init);
    enter_groups(context.plan);
    for (const KeyValue& setting : init.proc)
        base::write_value("/proc/self/" + setting.key, setting.value);
    share_cores_with(init, context.init_pid);
    set_limits(init);
    base::reset_signals();
    base::test_point("groups-entered");
    enter_namespaces(context);
    base::test_point("namespaces-entered");
    place_files(context.sync);
    const Stack stack(kStackSize);
    give_up(init);
    // clone(2), and not clone3(2), which a container's filter may deny to make old C libraries fall
    // back.
    context.program = ::clone(&program_main, stack.top(), CLONE_PARENT | SIGCHLD,
                              const_cast<EnterContext*>(&context));
    if (context.program < 0) fail_errno("make a process in the container");
}

}  // namespace

void enter_container(const EnterContext& context) noexcept {
    base::begin_test_program("lxc_entering");
    report_failure(context.sync, [&] { enter(context); });
    ::_exit(0);
}

}  // namespace lxvirt::helper
