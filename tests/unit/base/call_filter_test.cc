#include "base/process/call_filter.hh"

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>

#include "tests/support/child.hh"

namespace lxvirt::base {

namespace {

// Returns what `act` returns in a child below the filter that `fill` makes.
int below(const std::function<void(CallFilter&)>& fill, const std::function<int()>& act) {
    tests::ChildProcess child([&](const std::function<void()>&) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 124;
        CallFilter filter;
        fill(filter);
        filter.finish(CallVerdict::allow(), "the test");
        return act();
    });
    return WEXITSTATUS(child.wait());
}

// Returns the error number of a call, 0 where it succeeds.
int error_of(long result) {
    return result >= 0 ? 0 : errno;
}

TEST(CallFilter, RefusesByNumber) {
    EXPECT_EQ(below([](CallFilter& filter) { filter.add(SYS_getpid, CallVerdict::refuse(EXDEV)); },
                    [] { return error_of(::syscall(SYS_getpid)); }),
              EXDEV);
}

TEST(CallFilter, TheFirstRuleThatFitsDecides) {
    const auto fill = [](CallFilter& filter) {
        filter.add_if(SYS_socket, 0, ~0U, AF_UNIX, CallVerdict::allow());
        filter.add_unless(SYS_socket, 0, ~0U, AF_INET, CallVerdict::refuse(EAFNOSUPPORT));
        filter.add_unless(SYS_socket, 2, ~0U, 0, CallVerdict::refuse(EPROTONOSUPPORT));
    };
    const auto socket = [&](int family, int protocol) {
        return below(fill, [=] { return error_of(::socket(family, SOCK_STREAM, protocol)); });
    };
    EXPECT_EQ(socket(AF_UNIX, 0), 0);
    EXPECT_EQ(socket(AF_INET, 0), 0);
    EXPECT_EQ(socket(AF_INET, 6), EPROTONOSUPPORT);
    EXPECT_EQ(socket(AF_INET6, 0), EAFNOSUPPORT);
}

TEST(CallFilter, LooksAtTheMaskedBits) {
    const auto fill = [](CallFilter& filter) {
        filter.add_unless(SYS_unshare, 0, CLONE_NEWNS | CLONE_NEWUTS, 0, CallVerdict::refuse());
    };
    const auto unshare = [&](int flags) {
        return below(fill, [=] { return error_of(::unshare(flags)); });
    };
    EXPECT_EQ(unshare(CLONE_FILES), 0);
    EXPECT_EQ(unshare(CLONE_FILES | CLONE_NEWUTS), EPERM);
}

#if defined(__x86_64__)
TEST(CallFilter, RefusesTheNumbersOfX32) {
    EXPECT_EQ(
        below([](CallFilter&) {}, [] { return error_of(::syscall(SYS_getpid | 0x40000000)); }),
        EPERM);
}
#endif

}  // namespace

}  // namespace lxvirt::base
