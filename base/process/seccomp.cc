#include "base/process/seccomp.hh"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::base {

namespace {

// Lists the calls that reach beyond a container: another kernel (kexec), modules, the host's clock,
// swap, accounting and quota, files by handle (the open_by_handle_at escape), raw I/O ports, memory
// of other processes through fault handling, the kernel's keys, and profiling of the whole machine.
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

// Lists the ioctl(2) requests that reach beyond a container through a file that it may open: the
// console's output and the virtual terminals, the entropy that the kernel believes to have, and a
// freeze, a shutdown, a resize of the file system that the container's root lies on. The kernel asks
// for CAP_SYS_ADMIN in the first user namespace for each, which a container without an id map may
// have. Numbers are spelled out, as their headers contradict each other (asm/ioctls.h,
// linux/random.h, linux/fs.h, fs/ext4/ext4.h, linux/btrfs.h); they are the same for 32 bits.
constexpr std::uint32_t kDeniedRequests[] = {
    0x0000541c,  // TIOCLINUX
    0x0000541d,  // TIOCCONS
    0x40045201,  // RNDADDTOENTCNT
    0x40085203,  // RNDADDENTROPY
    0x00005204,  // RNDZAPENTCNT
    0x00005206,  // RNDCLEARPOOL
    0x00005207,  // RNDRESEEDCRNG
    0xc0045877,  // FIFREEZE
    0xc0045878,  // FITHAW
    0x8004587d,  // FS_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
    0x00006611,  // EXT4_IOC_SWAP_BOOT
    0x40086610,  // EXT4_IOC_RESIZE_FS
    0x50009403,  // BTRFS_IOC_RESIZE
    0x5000940a,  // BTRFS_IOC_ADD_DEV
    0x5000940b,  // BTRFS_IOC_RM_DEV
    0x5000943a,  // BTRFS_IOC_RM_DEV_V2
    0x5000940c,  // BTRFS_IOC_BALANCE
    0xc4009420,  // BTRFS_IOC_BALANCE_V2
    0xc400941b,  // BTRFS_IOC_SCRUB
    0xca289435,  // BTRFS_IOC_DEV_REPLACE
};

// Programs take mount(2) instead where these are missing, as on a kernel before 5.2.
constexpr const char* kMountApi[] = {"fsopen",    "fsconfig",   "fsmount",      "fspick",
                                     "open_tree", "move_mount", "mount_setattr"};

// Maps lxc's words for architectures (lxc.container.conf(5), lxc.seccomp.profile) to libseccomp's.
struct Architecture {
    std::string_view name;
    std::uint32_t token;
};
constexpr Architecture kArchitectures[] = {
    {"x86", SCMP_ARCH_X86},         {"x86_64", SCMP_ARCH_X86_64},
    {"x32", SCMP_ARCH_X32},         {"arm", SCMP_ARCH_ARM},
    {"arm64", SCMP_ARCH_AARCH64},   {"mips", SCMP_ARCH_MIPS},
    {"mips64", SCMP_ARCH_MIPS64},   {"mips64n32", SCMP_ARCH_MIPS64N32},
    {"mipsel", SCMP_ARCH_MIPSEL},   {"mipsel64", SCMP_ARCH_MIPSEL64},
    {"ppc", SCMP_ARCH_PPC},         {"mipsel64n32", SCMP_ARCH_MIPSEL64N32},
    {"ppc64", SCMP_ARCH_PPC64},     {"ppc64le", SCMP_ARCH_PPC64LE},
    {"s390", SCMP_ARCH_S390},       {"s390x", SCMP_ARCH_S390X},
    {"riscv64", SCMP_ARCH_RISCV64},
};

// Returns libseccomp's number of an architecture; an unknown name is a mistake of the caller, who
// has to ask is_seccomp_architecture() first.
std::uint32_t token_of(std::string_view name) {
    for (const Architecture& architecture : kArchitectures)
        if (architecture.name == name) return architecture.token;
    fail(ErrorCode::internal_error, "'{}' is no architecture of system call filters", name);
}

// Functions of libseccomp return a negative errno.
void check(int result, const std::string& what) {
    if (result != 0) fail_with(-result, "build the system call filter: {}", what);
}

// Returns the action with its data: an errno is part of the number that the filter returns
// (seccomp(2)).
std::uint32_t action_of(const SeccompVerdict& verdict) {
    switch (verdict.action) {
        case SeccompAction::allow: break;
        case SeccompAction::errno_: return SCMP_ACT_ERRNO(verdict.error);
        case SeccompAction::kill: return SCMP_ACT_KILL;
        case SeccompAction::trap: return SCMP_ACT_TRAP;
        case SeccompAction::log: return SCMP_ACT_LOG;
    }
    return SCMP_ACT_ALLOW;
}

// For masked_eq libseccomp wants the mask first and the value second.
scmp_arg_cmp compare_of(const SeccompArgument& argument) {
    scmp_arg_cmp made{argument.index, SCMP_CMP_EQ, argument.value, 0};
    switch (argument.compare) {
        case SeccompCompare::ne: made.op = SCMP_CMP_NE; break;
        case SeccompCompare::lt: made.op = SCMP_CMP_LT; break;
        case SeccompCompare::le: made.op = SCMP_CMP_LE; break;
        case SeccompCompare::eq: break;
        case SeccompCompare::ge: made.op = SCMP_CMP_GE; break;
        case SeccompCompare::gt: made.op = SCMP_CMP_GT; break;
        case SeccompCompare::masked_eq:
            made = {argument.index, SCMP_CMP_MASKED_EQ, argument.mask, argument.value};
            break;
    }
    return made;
}

// Owns a filter of libseccomp while it is built.
class Filter {
  public:
    explicit Filter(const SeccompVerdict& otherwise)
        : context_(::seccomp_init(action_of(otherwise)), ::seccomp_release) {
        // Level 2 sorts the calls into a binary tree (seccomp_attr_set(3)): a handful of
        // comparisons for each call instead of one for each rule.
        if (!context_) fail(ErrorCode::no_memory, "system call filter");
        check(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2),
              "ask for a binary tree");
    }

    // Adds an architecture beside the machine's own, which seccomp_init() has added.
    void add_architecture(const std::string& name) {
        check(::seccomp_arch_add(context_.get(), token_of(name)), "add architecture " + name);
    }

    // Makes the filter one for the architecture `name` instead of this machine's own.
    void be_for(const std::string& name) {
        if (token_of(name) == ::seccomp_arch_native()) return;
        add_architecture(name);
        check(::seccomp_arch_remove(context_.get(), ::seccomp_arch_native()), "remove our own");
    }

    // Adds a rule for one call. A call that this libseccomp does not know cannot be filtered; the
    // kernel may know it.
    void add(const SeccompRule& rule) {
        const int number =
            rule.number ? *rule.number : ::seccomp_syscall_resolve_name(rule.call.c_str());
        if (number == __NR_SCMP_ERROR) return;  // this libseccomp is older than the call
        std::vector<scmp_arg_cmp> arguments;
        for (const SeccompArgument& argument : rule.arguments)
            arguments.push_back(compare_of(argument));
        const int result =
            ::seccomp_rule_add_array(context_.get(), action_of(rule.verdict), number,
                                     static_cast<unsigned>(arguments.size()), arguments.data());
        // EACCES: the rule repeats the default action. EEXIST: an earlier rule says the same.
        if (result == -EACCES || result == -EEXIST) return;
        check(result, rule.call.empty() ? std::to_string(number) : rule.call);
    }

    void merge(Filter other) {
        check(::seccomp_merge(context_.get(), other.context_.get()), "merge architectures");
        (void)other.context_.release();  // now owned by the filter it was merged into
    }

    // Returns the program as the kernel takes it: an array of struct sock_filter.
    [[nodiscard]] std::string program() const {
        const UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
        if (!file) fail_errno("make a file for the system call filter");
        check(::seccomp_export_bpf(context_.get(), file.get()), "export");
        if (::lseek(file.get(), 0, SEEK_SET) != 0) fail_errno("read the system call filter");
        return read_all(file, "system call filter");
    }

  private:
    std::unique_ptr<void, void (*)(void*)> context_;
};

// Returns lxc's word for the architecture of this machine.
std::string native_architecture() {
    for (const Architecture& architecture : kArchitectures)
        if (architecture.token == ::seccomp_arch_native()) return std::string(architecture.name);
    fail(ErrorCode::config_unsupported, "system call filters are not supported on this machine");
}

}  // namespace

bool is_seccomp_architecture(std::string_view name) {
    return std::any_of(
        std::begin(kArchitectures), std::end(kArchitectures),
        [&](const Architecture& known) { return known.name == name; });
}

std::vector<std::string> compatible_architectures() {
    // The kernels of these machines run 32-bit programs as well; x32 has calls of its own on
    // x86_64.
    switch (::seccomp_arch_native()) {
        case SCMP_ARCH_X86_64: return {"x86", "x32"};
        case SCMP_ARCH_AARCH64: return {"arm"};
        default: return {};
    }
}

bool is_system_call(const std::string& name) {
    return ::seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

std::string seccomp_program(const SeccompPolicy& policy) {
    // Rules without an architecture can share one filter for all of them; otherwise each
    // architecture gets a filter of its own and these are merged.
    const bool alike = std::all_of(policy.rules.begin(), policy.rules.end(),
                                   [](const SeccompRule& r) { return r.architecture.empty(); });
    Filter filter(policy.otherwise);
    if (alike) {
        for (const std::string& name : policy.architectures) filter.add_architecture(name);
        for (const SeccompRule& rule : policy.rules) filter.add(rule);
        return filter.program();
    }
    const auto fill = [&](Filter& made, const std::string& name) {
        made.be_for(name);
        for (const SeccompRule& rule : policy.rules)
            if (rule.architecture.empty() || rule.architecture == name) made.add(rule);
    };
    fill(filter, native_architecture());
    for (const std::string& name : policy.architectures) {
        Filter other(policy.otherwise);
        fill(other, name);
        filter.merge(std::move(other));
    }
    return filter.program();
}

namespace {

// The kernel takes the low 32 bits of an `int` argument, so a filter that compares all 64 could be
// passed by by setting a higher one.
SeccompArgument low_half_is(unsigned index, std::uint32_t value) {
    return {index, SeccompCompare::masked_eq, value, 0xffffffffU};
}

SeccompRule deny(std::string call, int error, std::vector<SeccompArgument> arguments = {}) {
    SeccompRule rule;
    rule.call = std::move(call);
    rule.verdict = {SeccompAction::errno_, static_cast<std::uint16_t>(error)};
    rule.arguments = std::move(arguments);
    return rule;
}

// Returns instructions that refuse socket(AF_VSOCK) of programs for x86, to be put before a filter.
// libseccomp makes a rule for this call one for socketcall(2) as well, where it cannot look at the
// address family, and would refuse every socket.
std::string without_vsock_of_x86() {
    constexpr std::uint32_t direct_socket = 359;  // arch/x86/entry/syscalls/syscall_32.tbl
    const sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, direct_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_VSOCK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
    };
    return {reinterpret_cast<const char*>(program), sizeof program};
}

}  // namespace

std::string default_seccomp_program(const SeccompOpenings& openings) {
    SeccompPolicy policy;
    // 32-bit programs are allowed under the same rules.
    const bool has_x86 = ::seccomp_arch_native() == SCMP_ARCH_X86_64;
    if (has_x86) policy.architectures.emplace_back("x86");
    // Programs get EPERM as from a missing capability, for which they are prepared; a kill would be
    // hard to diagnose.
    for (const char* name : kDenied)
        if (!openings.keys || std::string_view(name).find("key") == std::string_view::npos)
            policy.rules.push_back(deny(name, EPERM));
    for (const std::uint32_t request : kDeniedRequests)
        policy.rules.push_back(deny("ioctl", EPERM, {low_half_is(1, request)}));
    // These fail as on a kernel without them, for which programs are prepared, too.
    if (!openings.io_uring) policy.rules.push_back(deny("io_uring_setup", ENOSYS));
    if (!openings.mount_api)
        for (const char* name : kMountApi) policy.rules.push_back(deny(name, ENOSYS));
    if (openings.vsock) return seccomp_program(policy);
    policy.rules.push_back(deny("socket", EAFNOSUPPORT, {low_half_is(0, AF_VSOCK)}));
    policy.rules.back().architecture = native_architecture();
    return (has_x86 ? without_vsock_of_x86() : "") + seccomp_program(policy);
}

}  // namespace lxvirt::base
