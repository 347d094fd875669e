#include "helper/child.hh"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/capability.hh"
#include "base/error.hh"
#include "base/file.hh"
#include "base/process.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"
#include "helper/filesystem.hh"
#include "helper/hooks.hh"
#include "helper/identity.hh"
#include "helper/sync.hh"

namespace lxvirt::helper {

namespace {

using base::fail_errno;

// The word that both sides agreed on did not come: the helper is gone, and so is the reason to go
// on.
void await(base::Fd sync, char word) {
    if (!await_word(sync, word)) ::_exit(1);
}

void become_inner_root() {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0)
        fail_errno("become root of the container's user namespace");
}

void set_hostname(const Plan& plan) {
    if ((plan.namespaces.fresh & CLONE_NEWUTS) == 0 || plan.init.hostname.empty()) return;
    if (::sethostname(plan.init.hostname.data(), plan.init.hostname.size()) != 0)
        fail_errno("set the host name to '{}'", plan.init.hostname);
}

// stdin, stdout and stderr on the first console, in a session of its own.
void open_console(const Plan& plan, const Prepared& prepared) {
    if (::setsid() < 0) fail_errno("start a session");
    const base::UniqueFd console =
        prepared.consoles.empty() ? base::open_file("/dev/null", O_RDWR)
                                  : base::open_slave(prepared.consoles.front().container.master);
    if (!prepared.consoles.empty() && plan.init.controlling_terminal &&
        ::ioctl(console.get(), TIOCSCTTY, 0) != 0)
        fail_errno("make the console the controlling terminal");
    for (int fd = 0; fd <= 2; ++fd)
        if (base::uninterrupted([&] { return ::dup2(console.get(), fd); }) < 0)
            fail_errno("open the console as descriptor {}", fd);
}

// Still as the host's root, whose quota of keys the keyring is to count to, and before a filter
// denies the call. The supervisor's keyring stays the supervisor's; what a container puts into its
// own goes with it, reboots included. A kernel without keys has none.
void join_keyring(const Init& init) {
    if (init.session_keyring && ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 &&
        errno != ENOSYS && errno != EDQUOT)
        fail_errno("join a new session keyring");
}

// Documentation/admin-guide/hw-vuln/core-scheduling.rst: inherited by all that the init forks.
void share_cores(const Init& init) {
    if (!init.core_scheduling ||
        ::prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0) == 0)
        return;
    if (errno == EINVAL)
        fail_errno("<lx:core_scheduling>: this kernel has none (CONFIG_SCHED_CORE)");
    if (errno == ENODEV)
        fail_errno("<lx:core_scheduling>: no core of this machine runs two threads at once");
    fail_errno("<lx:core_scheduling>: give the container a cookie of its own");
}

void set_limits(const Init& init) {
    share_cores(init);
    for (const Rlimit& limit : init.rlimits) {
        const rlimit value{limit.soft, limit.hard};
        if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) != 0)
            fail_errno("set resource limit {}", limit.resource);
    }
    if (init.personality_set && ::personality(init.personality) < 0)
        fail_errno("set the personality to {:#x}", init.personality);
}

void take_groups(const Identity& identity) {
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
        ::setresgid(identity.gid, identity.gid, identity.gid) != 0)
        fail_errno("take the groups of the init");
}

void load_seccomp(const std::string& program) {
    if (program.empty()) return;
    sock_fprog filter{};
    filter.len = static_cast<unsigned short>(program.size() / sizeof(sock_filter));
    filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()));
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
        fail_errno("load the system call filter ({} instructions)", filter.len);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

bool is_root(const Init& init) {
    return init.user.empty() && init.group.empty() && init.groups.empty();
}

// Hooks whose output travels to the helper, which writes the log.
void run_inner_hooks(const ChildContext& context, std::string_view type,
                     std::function<void()> in_child = {}) {
    if (!has_hook(context.plan.hooks, type)) return;
    run_hooks(context.plan.hooks, {.type = type,
                                   .inside = true,
                                   .in_child = std::move(in_child),
                                   .log = [&](const std::string& line) {
                                       SyncReport report;
                                       report.output = line;
                                       send_report(context.sync, report);
                                   }});
}

// The program of a start hook is the container's own: it runs with what the init may have, and the
// init, which it could trace, has lost the rest by then but for what makes it another user.
void run_start_hooks(const ChildContext& context) {
    if (!has_hook(context.plan.hooks, "start")) return;
    const Init& init = context.plan.init;
    set_limits(init);
    base::limit_bounding_set(init.capabilities);
    if (is_root(init)) take_groups({});
    load_seccomp(init.seccomp);
    constexpr auto become = 1ULL << CAP_SETUID | 1ULL << CAP_SETGID;
    base::limit_capabilities(init.capabilities | (is_root(init) ? 0 : become));
    run_inner_hooks(context, "start", [&init] { base::limit_capabilities(init.capabilities); });
}

// The attribute of this process that names the label of its next program; opened while /proc is
// still the host's. Nothing where none is asked for.
base::UniqueFd open_label(const Init& init) {
    if (!init.apparmor.empty()) {
        base::UniqueFd file = base::open_quietly("/proc/thread-self/attr/apparmor/exec", O_WRONLY);
        if (file) return file;  // else the kernel has one module only
    }
    if (init.apparmor.empty() && init.selinux.empty()) return {};
    return base::open_file("/proc/thread-self/attr/exec", O_WRONLY);
}

void write_label(base::Fd file, const Init& init) {
    if (!file.valid()) return;
    const std::string text = init.apparmor.empty() ? init.selinux : "exec " + init.apparmor;
    if (::write(file.get(), text.data(), text.size()) < 0)
        fail_errno("give the init the security label '{}'",
                   init.apparmor.empty() ? init.selinux : init.apparmor);
}

[[noreturn]] void exec_init(const ChildContext& context, base::Fd label) {
    const Init& init = context.plan.init;
    Identity identity = find_identity(init.user, init.group);
    identity.groups.insert(identity.groups.end(), init.groups.begin(), init.groups.end());
    if (!init.folder.empty() && ::chdir(init.folder.c_str()) != 0)
        fail_errno("change to the init's folder '{}'", init.folder);
    const bool limited = has_hook(context.plan.hooks, "start");  // by run_start_hooks()
    if (!limited) set_limits(init);
    base::reset_signals();
    ::umask(022);
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        base::fail_call("close_range", "close the helper's files");
    // Each step needs a capability that a later one gives up: CAP_SETPCAP, CAP_SETGID,
    // CAP_SYS_ADMIN (a filter without no_new_privs), CAP_SETUID.
    if (!limited) base::limit_bounding_set(init.capabilities);
    if (!limited || !is_root(init)) take_groups(identity);
    if (!limited) load_seccomp(init.seccomp);
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0)
        fail_errno("become user {}", identity.uid);
    base::limit_capabilities(init.capabilities);
    if (init.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail_errno("give up new privileges");
    write_label(label, init);
    base::test_point("init-limited");
    const auto argv = pointers(init.argv);
    const auto environment = pointers(init.environment);
    ::execve(argv[0], argv.data(), environment.data());
    fail_errno("execute the init '{}'", init.argv.front());
}

// Beside the standard ones. `label` may be not valid.
void close_all_but(base::Fd sync, base::Fd label) {
    const auto first = static_cast<unsigned>(std::min(sync.get(), label.get()));
    const auto last = static_cast<unsigned>(std::max(sync.get(), label.get()));
    const auto close_between = [](unsigned from, unsigned to) {
        if (from <= to && ::close_range(from, to, 0) != 0)
            base::fail_call("close_range", "close the helper's files");
    };
    if (label.valid()) {
        close_between(3, first - 1);
        close_between(first + 1, last - 1);
    } else {
        close_between(3, last - 1);
    }
    close_between(last + 1, ~0U);
}

void set_up(const ChildContext& context) {
    const Plan& plan = context.plan;
    // The helper's death signal and name are not the init's.
    (void)::prctl(PR_SET_PDEATHSIG, 0);
    const base::UniqueFd label = open_label(plan.init);
    join_keyring(plan.init);
    for (const base::UniqueFd& file : context.groups.attach) base::attach_self(file);
    base::test_point("groups-entered");
    if (!plan.namespaces.uid_map.empty()) {
        await(context.sync, kMapsWritten);
        become_inner_root();
    }
    if (plan.namespaces.cgroup && ::unshare(CLONE_NEWCGROUP) != 0)
        fail_errno("make the container's cgroup namespace");
    set_hostname(plan);
    build_filesystem(plan, context.prepared, context.groups,
                     [&](std::string_view type) { run_inner_hooks(context, type); });
    base::test_point("file-system-built");
    open_console(plan, context.prepared);
    // A paused container waits here for long: it must not hold the caller's operation lock.
    close_all_but(context.sync, label);
    run_start_hooks(context);
    SyncReport ready;
    ready.ready = true;
    send_report(context.sync, ready);
    await(context.sync, kExec);
    exec_init(context, label);
}

}  // namespace

void run_child(const ChildContext& context) noexcept {
    base::begin_test_program("lxc_init");
    SyncReport report;
    try {
        set_up(context);
    } catch (const base::SystemError& error) {
        report.error = error.error();
        report.failure = error.message();
    } catch (const std::exception& error) {
        report.failure = error.what();
    }
    try {
        send_report(context.sync, report);
    } catch (const base::Exception&) {
        // The helper is gone, and with it everything.
    }
    ::_exit(1);
}

}  // namespace lxvirt::helper
