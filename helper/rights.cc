#include "helper/rights.hh"

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/limits.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::helper {

using base::fail_errno;

void join_keyring(const Init& init) {
    // A session keyring of its own keeps the container from the supervisor's keys. ENOSYS: the
    // kernel has no keyrings. EDQUOT: the quota of keys is used up, which must not keep a container
    // from starting.
    if (init.session_keyring && ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 &&
        errno != ENOSYS && errno != EDQUOT)
        fail_errno("join a new session keyring");
}

void share_cores(const Init& init) {
    // The cookie keeps tasks of others off the core's sibling threads while a task of the container
    // runs there (Documentation/admin-guide/hw-vuln/core-scheduling.rst).
    if (!init.core_scheduling ||
        ::prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0) == 0)
        return;
    if (errno == EINVAL)
        fail_errno("<lx:core_scheduling>: this kernel has none (CONFIG_SCHED_CORE)");
    if (errno == ENODEV)
        fail_errno("<lx:core_scheduling>: no core of this machine runs two threads at once");
    fail_errno("<lx:core_scheduling>: give the container a cookie of its own");
}

void share_cores_with(const Init& init, pid_t init_pid) {
    // The kernel copies the cookie of the init, which must be traceable by this process
    // (ptrace(2)).
    if (init.core_scheduling && ::prctl(PR_SCHED_CORE, PR_SCHED_CORE_SHARE_FROM, init_pid,
                                        PR_SCHED_CORE_SCOPE_THREAD, 0) != 0)
        fail_errno("<lx:core_scheduling>: share the cookie of the container's init");
}

namespace {

void set_limit(std::uint32_t resource, const rlimit& value) {
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &value) == 0) return;
    const auto shown = [](rlim_t number) {
        return number == RLIM_INFINITY ? "unlimited" : std::to_string(number);
    };
    fail_errno("set the resource limit {} of <lx:prlimit> to {}:{}", base::limit_name(resource),
               shown(value.rlim_cur), shown(value.rlim_max));
}

}  // namespace

void raise_hard_limits(const Init& init) {
    for (const Rlimit& limit : init.rlimits) {
        rlimit value{};
        if (::getrlimit(static_cast<__rlimit_resource>(limit.resource), &value) != 0)
            fail_errno("read the resource limit {}", base::limit_name(limit.resource));
        if (limit.hard <= value.rlim_max) continue;
        value.rlim_max = limit.hard;
        set_limit(limit.resource, value);
    }
}

void set_limits(const Init& init) {
    // Limits are raised here, before the capabilities are given up.
    for (const Rlimit& limit : init.rlimits) set_limit(limit.resource, {limit.soft, limit.hard});
    if (init.personality_set && ::personality(init.personality) < 0)
        fail_errno("set the personality to {:#x}", init.personality);
}

void take_groups(const Identity& identity) {
    // Only the groups change here; the user changes last, because setresuid(2) gives up the
    // capabilities.
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
        ::setresgid(identity.gid, identity.gid, identity.gid) != 0)
        fail_errno("take the groups of the init");
}

void load_seccomp(const std::string& program) {
    if (program.empty()) return;
    sock_fprog filter{};
    // The kernel counts in instructions of eight bytes, with a length of 16 bits.
    filter.len = static_cast<unsigned short>(program.size() / sizeof(sock_filter));
    filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()));
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
        fail_errno("load the system call filter ({} instructions)", filter.len);
}

base::UniqueFd open_label(const Init& init) {
    // A label takes effect at the next execve(2) of this thread. AppArmor has a file of its own
    // where several security modules run side by side (since Linux 5.8).
    if (!init.apparmor.empty()) {
        base::UniqueFd file = base::open_quietly("/proc/thread-self/attr/apparmor/exec", O_WRONLY);
        if (file) return file;  // else the kernel has only one security module
    }
    if (init.apparmor.empty() && init.selinux.empty()) return {};
    return base::open_file("/proc/thread-self/attr/exec", O_WRONLY);
}

void write_label(base::Fd file, const Init& init) {
    if (!file.valid()) return;
    // AppArmor wants the word "exec" before the profile (aa_change_onexec(3)).
    const std::string text = init.apparmor.empty() ? init.selinux : "exec " + init.apparmor;
    if (::write(file.get(), text.data(), text.size()) < 0)
        fail_errno("give the init the security label '{}'",
                   init.apparmor.empty() ? init.selinux : init.apparmor);
}

void give_up_new_privileges(const Init& init) {
    // Cannot be taken back, and is inherited by all children (prctl(2)).
    if (init.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail_errno("give up new privileges");
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    // execve(2) does not change the texts, though its parameter lacks the const.
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

}  // namespace lxvirt::helper
