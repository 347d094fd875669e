#include "helper/confine.hh"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/process/capability.hh"

namespace lxvirt::helper {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#else
#error "helper/confine.cc: add this architecture's AUDIT_ARCH_ constant (linux/audit.h)"
#endif

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

sock_filter statement(std::uint16_t code, std::uint32_t value) {
    return {code, 0, 0, value};
}

sock_filter jump(std::uint16_t code, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return {code, yes, no, value};
}

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;

// Allows the call `number` if `argument`, its low 32 bits masked by `mask`, is `value`.
void allow_with(std::vector<sock_filter>& program, std::uint32_t number, unsigned argument,
                std::uint32_t mask, std::uint32_t value) {
    const auto offset =
        static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offset));
    program.push_back(statement(BPF_ALU | BPF_AND | BPF_K, mask));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, kAllow));
    // The accumulator holds the argument now, if the call was this one.
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
}

void filter_calls() {
    std::vector<sock_filter> program;
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (const std::uint32_t call : kCalls) {
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
        program.push_back(statement(BPF_RET | BPF_K, kAllow));
    }
    // The size of a terminal is all that is set by ioctl(2), and no memory becomes executable. The
    // byte order of seccomp_data is the machine's; the machines above are little-endian.
    allow_with(program, SYS_ioctl, 1, ~0U, TIOCSWINSZ);
    allow_with(program, SYS_mmap, 2, PROT_EXEC, 0);
    allow_with(program, SYS_mprotect, 2, PROT_EXEC, 0);
    program.push_back(statement(BPF_RET | BPF_K, kRefuse));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
        base::fail_errno("filter the system calls of the relay");
}

// The parts of struct landlock_ruleset_attr that kernels from 5.13 to 6.12 have added; the header of
// the build may be older than the kernel.
struct Ruleset {
    std::uint64_t files = 0, network = 0, scoped = 0;
};

void forbid_all_files() {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return;  // the kernel has no Landlock, or it is switched off
    // Version 1 has 13 rights of files; 2, 3 and 5 have added one each.
    const unsigned rights =
        13 + (version >= 2 ? 1U : 0) + (version >= 3 ? 1U : 0) + (version >= 5 ? 1U : 0);
    Ruleset rules;
    rules.files = (std::uint64_t{1} << rights) - 1;
    if (version >= 4) rules.network = 3;  // bind and connect TCP
    if (version >= 6) rules.scoped = 3;   // abstract sockets and signals of others
    const std::size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    const base::UniqueFd ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size, 0)));
    if (!ruleset || ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        base::fail_errno("forbid the relay all files (landlock)");
}

}  // namespace

void confine_to_relaying() {
    base::limit_bounding_set(0);
    base::limit_capabilities(0);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) base::fail_errno("set no_new_privs");
    forbid_all_files();
    filter_calls();
}

}  // namespace lxvirt::helper
