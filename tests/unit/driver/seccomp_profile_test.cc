// lxc's policy files: what is read, what is refused, and what the kernel then does with it.
#include "driver/plan/seccomp_profile.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hh"
#include "tests/support/child.hh"

namespace lxvirt::driver {

namespace {

using base::SeccompAction;
using base::SeccompVerdict;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::ChildProcess;

SeccompProfile parse(std::string_view text) {
    return parse_seccomp_profile(text, "/etc/p");
}

std::string refusal(std::string_view text) {
    try {
        (void)parse(text);
    } catch (const base::Error& error) {
        return error.message();
    }
    return "taken";
}

int errno_of(long result) {
    return result < 0 ? errno : 0;
}

// The wait status of a process that loads the policy and then calls `act`.
int run_filtered(std::string_view text, const std::function<int()>& act) {
    std::string program = base::seccomp_program(parse(text).policy);
    ChildProcess child([&](const std::function<void()>& ready) {
        sock_fprog filter{};
        filter.len = static_cast<unsigned short>(program.size() / sizeof(sock_filter));
        filter.filter = reinterpret_cast<sock_filter*>(program.data());
        ready();
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
            return 126;
        // Not by _exit(), before which the address sanitizer makes calls of its own.
        return static_cast<int>(::syscall(SYS_exit_group, act()));
    });
    return child.wait();
}

int exit_of(std::string_view text, const std::function<int()>& act) {
    const int status = run_filtered(text, act);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr SeccompVerdict kAllow{};
constexpr SeccompVerdict kKill{SeccompAction::kill, 0};

}  // namespace

TEST(SeccompProfile, ReadsAllWordsOfAPolicy) {
    EXPECT_EQ(parse("2\ndenylist\n").policy.otherwise, kAllow);
    EXPECT_EQ(parse("2\nblacklist\n").policy.otherwise, kAllow);
    EXPECT_EQ(parse("2\nallowlist\n").policy.otherwise, kKill);
    EXPECT_EQ(parse("2\nwhitelist errno 5\n").policy.otherwise,
              (SeccompVerdict{SeccompAction::errno_, 5}));
    EXPECT_EQ(parse("2\nallowlist trap\n").policy.otherwise.action, SeccompAction::trap);
    EXPECT_EQ(parse("2\nallowlist log\n").policy.otherwise.action, SeccompAction::log);
}

TEST(SeccompProfile, ReadsCallsActionsAndConditions) {
    const auto rules = parse(
                           "# of ours\n2\n\ndenylist\nmkdir\nmknod errno 0 # as if done\n"
                           "clone allow [0,0x10,SCMP_CMP_MASKED_EQ,0x30][1,7,>=]\n")
                           .policy.rules;
    ASSERT_EQ(rules.size(), 3U);
    EXPECT_EQ(rules[0].verdict, kKill);
    EXPECT_EQ(rules[1].verdict, (SeccompVerdict{SeccompAction::errno_, 0}));
    EXPECT_EQ(rules[2].verdict, kAllow);
    EXPECT_THAT(rules[2].arguments,
                ElementsAre(base::SeccompArgument{0, base::SeccompCompare::masked_eq, 0x10, 0x30},
                            base::SeccompArgument{1, base::SeccompCompare::ge, 7, 0}));
}

TEST(SeccompProfile, KeepsSectionsApart) {
    const auto rules =
        parse("2\ndenylist\n[X86_64]\nmkdir\n[all]\nmknod\n[arm]\nrmdir\n").policy.rules;
    ASSERT_EQ(rules.size(), 3U);
    EXPECT_EQ(rules[0].architecture, "x86_64");
    EXPECT_EQ(rules[1].architecture, "");
    EXPECT_EQ(rules[2].architecture, "arm");
}

TEST(SeccompProfile, TellsUnknownCallsWithTheirLine) {
    const auto profile = parse("2\ndenylist\nno_such_call errno 1\nmkdir errno 1\n");
    EXPECT_EQ(profile.policy.rules.size(), 1U);
    EXPECT_THAT(profile.log_lines, ElementsAre(HasSubstr("/etc/p:3: ")));
    EXPECT_THAT(profile.log_lines, ElementsAre(HasSubstr("'no_such_call'")));
}

TEST(SeccompProfile, RefusesWithFileAndLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "the version of the policy, 1 or 2"},
        {"3\nallowlist\n", "/etc/p:1: "},
        {"2\n", "'allowlist' or 'denylist'"},
        {"1\ndenylist\n", "/etc/p:2: 'denylist': a policy of version 1 is an 'allowlist'"},
        {"1\nallowlist\n1\nread\n", "/etc/p:4: 'read' is not the number"},
        {"2\ngreylist\n", "/etc/p:2: 'greylist' is no policy"},
        {"2\ndenylist\nmkdir errno\n", "/etc/p:3: errno takes a number"},
        {"2\ndenylist\nmkdir errno 99999\n", "/etc/p:3: errno takes a number"},
        {"2\ndenylist\nmkdir deny\n", "'deny' is no action"},
        {"2\ndenylist\nmkdir notify\n", "'notify' is not supported"},
        {"2\nallowlist notify\n", "/etc/p:2: the action 'notify'"},
        {"2\ndenylist\n[vax]\n", "/etc/p:3: [vax] is no architecture"},
        {"2\ndenylist\n[all\n", "']' is missing"},
        {"2\ndenylist\nmkdir errno 1 [0,1]\n", "not three or four fields"},
        {"2\ndenylist\nmkdir errno 1 [6,1,==]\n", "0 to 5"},
        {"2\ndenylist\nmkdir errno 1 [0,x,==]\n", "the value is not a number"},
        {"2\ndenylist\nmkdir errno 1 [0,1,~]\n", "'~' compares nothing"},
        {"2\ndenylist\nmkdir errno 1 [0,1,&=]\n", "needs a mask"},
        {"2\ndenylist\nmkdir errno 1 [0,1,==,1]\n", "only SCMP_CMP_MASKED_EQ"},
        {"2\ndenylist\nmkdir errno 1 [0,1,==\n", "']' is missing"},
    };
    for (const auto& [text, words] : cases) EXPECT_THAT(refusal(text), HasSubstr(words)) << text;
}

TEST(SeccompProgram, DeniesWhatTheListNames) {
    const std::string_view list = "2\ndenylist\nmkdir errno 42\nmkdirat errno 42\nrmdir errno 0\n";
    EXPECT_EQ(exit_of(
                  list, [] { return errno_of(::mkdir("/proc/x", 0700)); }),
              42);
    EXPECT_EQ(exit_of(
                  list, [] { return errno_of(::syscall(SYS_rmdir, "/proc/x")); }),
              0);
    EXPECT_EQ(exit_of(
                  list, [] { return errno_of(::unlink("/proc/x")); }),
              ENOENT);
    EXPECT_EQ(exit_of("2\ndenylist\nmkdir\nmkdirat\n", [] { return ::mkdir("/proc/x", 0700); }),
              -SIGSYS);
}

TEST(SeccompProgram, LooksAtArguments) {
    const std::string_view list =
        "2\ndenylist\nmknod errno 7 [1,0x2000,SCMP_CMP_MASKED_EQ,0xf000]\n"
        "reject_force_umount\n";
    const auto mknod = [](mode_t mode) {
        return [mode] { return errno_of(::syscall(SYS_mknod, "/proc/x", mode, 0)); };
    };
    EXPECT_EQ(exit_of(list, mknod(S_IFCHR | 0600)), 7);
    EXPECT_NE(exit_of(list, mknod(S_IFIFO | 0600)), 7);
    EXPECT_EQ(exit_of(
                  list, [] { return errno_of(::umount2("/proc/x", MNT_FORCE)); }),
              EACCES);
    EXPECT_EQ(exit_of(list, [] { return errno_of(::umount2("/proc/x", 0)); }), ENOENT);
}

#ifdef __x86_64__
TEST(SeccompProgram, AppliesASectionToItsArchitectureOnly) {
    const auto mkdir = [] { return errno_of(::syscall(SYS_mkdir, "/proc/x", 0700)); };
    EXPECT_EQ(exit_of("2\ndenylist\n[x86_64]\nmkdir errno 42\n", mkdir), 42);
    EXPECT_EQ(exit_of("2\ndenylist\n[x86]\nmkdir errno 42\n", mkdir), ENOENT);
    EXPECT_EQ(exit_of("2\ndenylist\n[arm64]\nmkdir errno 42\n[all]\nrmdir errno 1\n", mkdir),
              ENOENT);
}
#endif

TEST(SeccompProgram, AllowsOnlyTheNumbersOfVersion1) {
    const std::string list = "1\nallowlist\n" + std::to_string(SYS_exit_group) + "\n" +
                             std::to_string(SYS_getpid) + "\n";
    EXPECT_EQ(exit_of(
                  list, [] { return ::syscall(SYS_getpid) > 0 ? 3 : 4; }),
              3);
    EXPECT_EQ(exit_of(list, [] { return static_cast<int>(::syscall(SYS_getppid)); }), -SIGSYS);
}

TEST(SeccompProgram, TakesAListThatNamesACallTwice) {
    EXPECT_EQ(exit_of(
                  "2\ndenylist\nmkdir errno 42\nmkdir errno 42\nrmdir allow\n",
                  [] { return errno_of(::syscall(SYS_mkdir, "/proc/x", 0700)); }),
              42);
}

}  // namespace lxvirt::driver
