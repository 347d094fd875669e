// The order of the init's steps is fixed, because most steps need something that a later one takes
// away:
//
//   step                            comes before        because
//   open the label's file           the new root        the file is in the host's /proc
//   join the session keyring        the id map          the key counts to root's quota
//   enter the v1 groups             unshare(2) of the   the group of that moment becomes the root
//                                   cgroup namespace    of the namespace
//   become root of the id map       all mounts          other ids make files of unmapped owners
//   build the file system           "ready"             the helper still undoes what fails
//   limit the bounding set          the other rights    it takes CAP_SETPCAP
//   take groups, load the filter    setresuid(2)        they take CAP_SETGID and CAP_SYS_ADMIN
//   setresuid(2)                    the last limit      it takes CAP_SETUID
//   no_new_privs, write the label   execve(2)           both concern the next program
//
// A start hook is the container's own program, and it could trace the init. Where there is one,
// run_start_hooks() therefore gives up the rights before the hook runs.

#include "helper/child.hh"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/capability.hh"
#include "base/process/process.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"
#include "helper/exchange/sync.hh"
#include "helper/filesystem.hh"
#include "helper/identity.hh"
#include "helper/objects/hooks.hh"
#include "helper/rights.hh"

namespace lxvirt::helper {

namespace {

using base::fail_errno;

// Waits for a word of the helper. If the word does not come, the helper is gone, and with it the
// reason to go on.
void await(base::Fd sync, char word) {
    if (!await_word(sync, word)) ::_exit(1);
}

void set_hostname(const Plan& plan) {
    if ((plan.namespaces.fresh & CLONE_NEWUTS) == 0 || plan.init.hostname.empty()) return;
    if (::sethostname(plan.init.hostname.data(), plan.init.hostname.size()) != 0)
        fail_errno("set the host name to '{}'", plan.init.hostname);
}

// Makes the first console standard input, output and error, in a session of its own.
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

bool is_root(const Init& init) {
    return init.user.empty() && init.group.empty() && init.groups.empty();
}

// Runs hooks inside the container. Lines that they print travel to the helper, which writes the
// log.
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

// Runs the start hooks. Their programs are the container's own, so they run with the rights that
// the init is going to have; the init itself, which they could trace, gives up everything first but
// the two capabilities that it takes to become another user.
void run_start_hooks(const ChildContext& context) {
    if (!has_hook(context.plan.hooks, "start")) return;
    const Init& init = context.plan.init;
    share_cores(init);
    set_limits(init);
    base::limit_bounding_set(init.capabilities);
    if (is_root(init)) take_groups({});
    load_seccomp(init.seccomp);
    constexpr auto become = 1ULL << CAP_SETUID | 1ULL << CAP_SETGID;
    base::limit_capabilities(init.capabilities | (is_root(init) ? 0 : become));
    run_inner_hooks(context, "start", [&init] { base::limit_capabilities(init.capabilities); });
}

[[noreturn]] void exec_init(const ChildContext& context, base::Fd label) {
    const Init& init = context.plan.init;
    Identity identity = find_identity(init.user, init.group);
    identity.groups.insert(identity.groups.end(), init.groups.begin(), init.groups.end());
    if (!init.folder.empty() && ::chdir(init.folder.c_str()) != 0)
        fail_errno("change to the init's folder '{}'", init.folder);
    const bool limited = has_hook(context.plan.hooks, "start");  // run_start_hooks() did it
    if (!limited) {
        share_cores(init);
        set_limits(init);
    }
    base::reset_signals();
    ::umask(022);
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        base::fail_call("close_range", "close the helper's files");
    // Each step needs a capability that a later one gives up: CAP_SETPCAP, CAP_SETGID,
    // CAP_SYS_ADMIN (for a filter without no_new_privs), CAP_SETUID.
    if (!limited) base::limit_bounding_set(init.capabilities);
    if (!limited || !is_root(init)) take_groups(identity);
    if (!limited) load_seccomp(init.seccomp);
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0)
        fail_errno("become user {}", identity.uid);
    base::limit_capabilities(init.capabilities);
    give_up_new_privileges(init);
    write_label(label, init);
    base::test_point("init-limited");
    const auto argv = pointers(init.argv);
    const auto environment = pointers(init.environment);
    ::execve(argv[0], argv.data(), environment.data());
    fail_errno("execute the init '{}'", init.argv.front());
}

// Closes all descriptors but the standard ones, `sync` and `label`, which may be invalid.
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
    // The helper's parent-death signal was inherited and is not the init's.
    (void)::prctl(PR_SET_PDEATHSIG, 0);
    const base::UniqueFd label = open_label(plan.init);
    join_keyring(plan.init);
    for (const base::UniqueFd& file : context.groups.attach) base::attach_self(file);
    base::test_point("groups-entered");
    if (!plan.namespaces.uid_map.empty()) {
        await(context.sync, kMapsWritten);
        base::become_root();
    }
    if (plan.namespaces.cgroup && ::unshare(CLONE_NEWCGROUP) != 0)
        fail_errno("make the container's cgroup namespace");
    set_hostname(plan);
    build_filesystem(plan, context.prepared, context.groups,
                     [&](std::string_view type) { run_inner_hooks(context, type); });
    base::test_point("file-system-built");
    open_console(plan, context.prepared);
    // A paused container waits here for long: the copy of the caller's operation lock, and the
    // other descriptors, must be closed before.
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
        // The helper is gone; the guard's death is about to end this process too.
    }
    ::_exit(1);
}

}  // namespace lxvirt::helper
