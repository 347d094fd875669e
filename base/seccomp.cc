#include "base/seccomp.hh"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>

#include "base/error.hh"
#include "base/file.hh"

namespace lxvirt::base {

namespace {

// What reaches past the container: other kernels (kexec), modules, the host's clock, swap,
// accounting and quota, files by handle (the open_by_handle_at escape), raw I/O ports, other
// processes' memory by fault handling, kernel keys and profiling of the whole machine.
constexpr const char* kDenied[] = {
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "query_module",
    "get_kernel_syms",
    "open_by_handle_at",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "quotactl_fd",
    "settimeofday",
    "clock_settime",
    "clock_settime64",
    "clock_adjtime",
    "clock_adjtime64",
    "adjtimex",
    "stime",
    "iopl",
    "ioperm",
    "lookup_dcookie",
    "nfsservctl",
    "sysfs",
    "uselib",
    "ustat",
    "_sysctl",
    "vm86",
    "vm86old",
    "perf_event_open",
    "userfaultfd",
    "syslog",
    "add_key",
    "request_key",
    "keyctl",
    "bpf",
    "fanotify_init",
};

struct Filter {
    scmp_filter_ctx context = ::seccomp_init(SCMP_ACT_ALLOW);
    Filter() {
        if (context == nullptr) fail(ErrorCode::no_memory, "system call filter");
    }
    ~Filter() { ::seccomp_release(context); }
    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;
};

void check(int result, const char* what) {
    if (result != 0) fail_with(-result, "build the system call filter: {}", what);
}

}  // namespace

std::string default_seccomp_program() {
    const Filter filter;
    // 32-bit programs run too, under the same rules.
    if (::seccomp_arch_native() == SCMP_ARCH_X86_64)
        check(::seccomp_arch_add(filter.context, SCMP_ARCH_X86), "add the 32-bit architecture");
    check(::seccomp_attr_set(filter.context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "ask for a binary tree");
    for (const char* name : kDenied) {
        const int number = ::seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR) continue;  // this libseccomp is older than the call
        check(::seccomp_rule_add(filter.context, SCMP_ACT_ERRNO(EPERM), number, 0), name);
    }
    const UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file) fail_errno("make a file for the system call filter");
    check(::seccomp_export_bpf(filter.context, file.get()), "export");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) fail_errno("read the system call filter");
    return read_all(file, "system call filter");
}

}  // namespace lxvirt::base
