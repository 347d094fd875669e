// System call filters (seccomp(2)). libseccomp compiles a policy, as a binary tree, into the
// program that the kernel loads. Compiling takes about 2 ms and loading 0.1 ms; therefore the
// driver compiles, and the helper, which does not link libseccomp, only loads.
// driver/plan/seccomp_profile.hh reads policies from files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

// The fate of a call: it runs, fails with an errno, kills the process, raises SIGSYS, or
// runs and is logged by the audit system (seccomp(2), SECCOMP_RET_*).
enum class SeccompAction { allow, errno_, kill, trap, log };

struct SeccompVerdict {
    SeccompAction action = SeccompAction::allow;
    std::uint16_t error = 0;  // for errno_: the errno; 0 makes the call succeed without effect
    bool operator==(const SeccompVerdict&) const = default;
};

// Compares an argument with a value; see seccomp_rule_add(3), SCMP_CMP_*.
enum class SeccompCompare { ne, lt, le, eq, ge, gt, masked_eq };

// A condition on argument `index` (0 to 5) of a call. For masked_eq it is (argument & mask) ==
// value.
struct SeccompArgument {
    unsigned index = 0;
    SeccompCompare compare = SeccompCompare::eq;
    std::uint64_t value = 0, mask = 0;
    bool operator==(const SeccompArgument&) const = default;
};

// Says what happens to one call.
struct SeccompRule {
    std::string call;           // "mknod"; empty where `number` is set
    std::optional<int> number;  // number of the call on this machine's own architecture
    SeccompVerdict verdict;
    std::vector<SeccompArgument> arguments;  // conditions, all of which must hold
    std::string architecture;                // lxc's word, such as "x86"; empty: all architectures
};

// A whole filter before its compilation.
struct SeccompPolicy {
    SeccompVerdict otherwise;  // for calls without a rule
    // Names the architectures, besides this machine's own, whose programs may run; programs of any
    // other architecture are killed.
    std::vector<std::string> architectures;
    std::vector<SeccompRule> rules;
};

// Says whether `name` is lxc's word for an architecture that libseccomp knows, such as "x86_64".
[[nodiscard]] bool is_seccomp_architecture(std::string_view name);
// Returns the architectures whose programs this kernel can run besides its own: "x86" and "x32" on
// x86_64, "arm" on arm64.
[[nodiscard]] std::vector<std::string> compatible_architectures();
// Says whether any architecture has a call of this name, as far as this libseccomp knows.
[[nodiscard]] bool is_system_call(const std::string& name);

// Compiles `policy` to sock_filter records (linux/filter.h) in native byte order. A rule for a call
// that an architecture lacks, or that repeats what all calls get, adds nothing. Throws SystemError,
// or Error(config_unsupported) on a machine that libseccomp does not know.
[[nodiscard]] std::string seccomp_program(const SeccompPolicy& policy);

// What the filter of lxvirt lets pass besides the rest.
struct SeccompOpenings {
    bool keys = false;      // the calls of keyrings(7)
    bool vsock = false;     // sockets of AF_VSOCK (vsock(7))
    bool io_uring = false;  // io_uring_setup(2)
    // The calls of the newer interface of mounts: fsopen, open_tree, move_mount and others. They are
    // closed beside an AppArmor profile with rules about mounts: before Linux 6.8 AppArmor looks at
    // mount(2) only.
    bool mount_api = true;
};

// Compiles the filter of containers whose domain brings none: a list of denied calls, which fail
// with EPERM, and of ioctl(2) requests that act on the whole machine. Programs of 32 bits reach
// sockets of AF_VSOCK by socketcall(2) all the same, since a filter cannot read its arguments. Throws
// as seccomp_program() does.
[[nodiscard]] std::string default_seccomp_program(const SeccompOpenings& openings = {});

}  // namespace lxvirt::base
