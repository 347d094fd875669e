#include "helper/confine.hh"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstdint>

#include "base/error.hh"
#include "base/process/call_filter.hh"
#include "base/process/capability.hh"
#include "base/process/landlock.hh"

namespace lxvirt::helper {

namespace {

using base::CallVerdict;

// The system calls of a process that waits, relays bytes, and takes descriptors from its parent.
constexpr std::uint32_t kCalls[] = {
    SYS_read,       SYS_write,         SYS_sendmsg,         SYS_recvmsg,
    SYS_sendto,     SYS_recvfrom,      SYS_ppoll,           SYS_epoll_pwait,
    SYS_epoll_ctl,  SYS_epoll_create1, SYS_timerfd_create,  SYS_timerfd_settime,
    SYS_socketpair, SYS_shutdown,      SYS_close,           SYS_brk,
    SYS_munmap,     SYS_mremap,        SYS_madvise,         SYS_exit,
    SYS_exit_group, SYS_rt_sigreturn,  SYS_restart_syscall, SYS_clock_gettime,
    SYS_futex,      SYS_nanosleep,     SYS_clock_nanosleep, SYS_getpid,
    SYS_lseek,      SYS_getrandom,
#if defined(__x86_64__)
    SYS_poll,       SYS_epoll_wait,
#endif
};

// The size of a terminal is all that is set by ioctl(2), and no memory becomes executable.
void filter_calls() {
    base::CallFilter filter;
    for (const std::uint32_t call : kCalls) filter.add(call, CallVerdict::allow());
    filter.add_if(SYS_ioctl, 1, ~0U, TIOCSWINSZ, CallVerdict::allow());
    filter.add_if(SYS_mmap, 2, PROT_EXEC, 0, CallVerdict::allow());
    filter.add_if(SYS_mprotect, 2, PROT_EXEC, 0, CallVerdict::allow());
    filter.finish(CallVerdict::refuse(), "the relay");
}

}  // namespace

void confine_to_relaying() {
    base::limit_bounding_set(0);
    base::limit_capabilities(0);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) base::fail_errno("set no_new_privs");
    base::Landlock(base::BeyondFiles::forbid).restrict_self();
    filter_calls();
}

}  // namespace lxvirt::helper
