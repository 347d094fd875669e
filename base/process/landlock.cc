#include "base/process/landlock.hh"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"

namespace lxvirt::base {

namespace {

// The parts of struct landlock_ruleset_attr that kernels from 5.13 to 6.12 have added; the header of
// the build may be older than the kernel.
struct Ruleset {
    std::uint64_t files = 0, network = 0, scoped = 0;
};

}  // namespace

Landlock::Landlock(BeyondFiles beyond) {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return;  // the kernel has no Landlock, or it is switched off
    // Version 1 has 13 rights of files; 2, 3 and 5 have added one each.
    const unsigned rights =
        13 + (version >= 2 ? 1U : 0) + (version >= 3 ? 1U : 0) + (version >= 5 ? 1U : 0);
    files_ = (std::uint64_t{1} << rights) - 1;
    Ruleset rules;
    rules.files = files_;
    if (beyond == BeyondFiles::forbid) {
        if (version >= 4) rules.network = 3;  // bind and connect TCP
        if (version >= 6) rules.scoped = 3;   // abstract sockets and signals of others
    }
    const std::size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    rules_.reset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size, 0)));
    if (!rules_) fail_errno("make a rule set of Landlock");
}

void Landlock::allow(Fd place, std::uint64_t rights, const std::string& shown) {
    if (!rules_) return;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights & files_;
    rule.parent_fd = place.get();
    if (::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        fail_errno("allow '{}' in a rule set of Landlock", shown);
}

void Landlock::restrict_self() {
    if (rules_ && ::syscall(SYS_landlock_restrict_self, rules_.get(), 0) != 0)
        fail_errno("put a rule set of Landlock into effect");
}

}  // namespace lxvirt::base
