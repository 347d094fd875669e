// System call filters, compiled by libseccomp as a binary tree into what the kernel loads.
// Compiling costs about 2 ms, loading 0.1 ms, so the driver compiles and the helper only loads. Not
// for the static helper. driver/plan/seccomp_profile.hh reads policies from files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

enum class SeccompAction { allow, errno_, kill, trap, log };

struct SeccompVerdict {
    SeccompAction action = SeccompAction::allow;
    std::uint16_t error = 0;  // errno_: what the call fails with; 0 = it does nothing and succeeds
    bool operator==(const SeccompVerdict&) const = default;
};

enum class SeccompCompare { ne, lt, le, eq, ge, gt, masked_eq };

// Of one argument of a call, 0 to 5: (argument & mask) == value for masked_eq.
struct SeccompArgument {
    unsigned index = 0;
    SeccompCompare compare = SeccompCompare::eq;
    std::uint64_t value = 0, mask = 0;
    bool operator==(const SeccompArgument&) const = default;
};

struct SeccompRule {
    std::string call;           // "mknod"
    std::optional<int> number;  // instead of the name, of this machine's own architecture
    SeccompVerdict verdict;
    std::vector<SeccompArgument> arguments;  // all of them hold
    std::string architecture;                // of kSeccompArchitectures; empty = all
};

struct SeccompPolicy {
    SeccompVerdict otherwise;  // what calls without a rule get
    // Those besides this machine's own whose programs run here too; the programs of any other are
    // killed.
    std::vector<std::string> architectures;
    std::vector<SeccompRule> rules;
};

// lxc's word of each architecture that libseccomp knows: "x86_64".
[[nodiscard]] bool is_seccomp_architecture(std::string_view name);
// Those whose programs this kernel may run beside its own: "x86" and "x32" on x86_64.
[[nodiscard]] std::vector<std::string> compatible_architectures();
// Whether any architecture has such a call, as far as this libseccomp knows.
[[nodiscard]] bool is_system_call(const std::string& name);

// The filter as sock_filter records (linux/filter.h), native byte order. A rule for a call that an
// architecture does not have, or that repeats what all calls get, adds nothing. Throws SystemError.
[[nodiscard]] std::string seccomp_program(const SeccompPolicy& policy);

// The filter of every container that brings none: a deny list of calls that have no place in one.
// They fail with EPERM. `keys`: the calls of keyrings(7) are not among them.
[[nodiscard]] std::string default_seccomp_program(bool keys = false);

}  // namespace lxvirt::base
