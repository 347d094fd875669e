#include "base/process/limits.hh"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/error.hh"

namespace lxvirt::base {

namespace {

constexpr rlim_t kInfinite = RLIM_INFINITY;

// Runs `body` in a child process and returns the child's exit status.
template <typename Body>
int in_child(Body&& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        try {
            ::_exit(body());
        } catch (const Exception&) {
            ::_exit(99);
        }
    }
    int status = 0;
    (void)::waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

bool can_raise() {
    return in_child([] {
               rlimit low{1, 1};
               (void)::setrlimit(RLIMIT_CPU, &low);
               low.rlim_max = 2;
               return ::setrlimit(RLIMIT_CPU, &low) == 0 ? 1 : 0;
           }) == 1;
}

}  // namespace

TEST(LimitsTest, WhatTheHostCannotRaiseIsTakenAsItIsUnlessTheCallerHasLess) {
    const auto values = [](const rlimit& wanted, const rlimit& have, const rlimit& host) {
        const auto limit = limit_within(wanted, have, host);
        return limit ? std::to_string(limit->rlim_cur) + ":" + std::to_string(limit->rlim_max)
                     : "none";
    };
    EXPECT_EQ(values({1024, 524288}, {1024, 20000}, {1024, 524288}), "1024:20000");
    EXPECT_EQ(values({1024, 524288}, {100, 100}, {1024, 20000}), "none");
    EXPECT_EQ(values({1024, 524288}, {1024, 30000}, {1024, 20000}), "1024:30000");
    EXPECT_EQ(values({1024, 524288}, {512, 512}, {512, 512}), "512:512");
    EXPECT_EQ(values({kInfinite, kInfinite}, {1, 1}, {kInfinite, kInfinite}), "none");
}

TEST(LimitsTest, EveryLimitHasANameInBothDirections) {
    for (std::uint32_t number = 0; number < RLIM_NLIMITS; ++number)
        EXPECT_EQ(limit_number(limit_name(number)), number);
    EXPECT_EQ(limit_number("nofiles"), std::nullopt);
    EXPECT_EQ(limit_name(RLIM_NLIMITS), "?");
}

TEST(LimitsTest, ALoweredSoftLimitIsNotInherited) {
    EXPECT_EQ(in_child([] {
                  // "nice" and "rtprio" are 0 by default, so they cannot be lower.
                  rlimit limits[RLIM_NLIMITS];
                  for (int i = 0; i < RLIM_NLIMITS; ++i) {
                      const auto resource = static_cast<__rlimit_resource>(i);
                      (void)::getrlimit(resource, &limits[i]);
                      const rlimit low{std::min<rlim_t>(7, limits[i].rlim_max), limits[i].rlim_max};
                      if (::setrlimit(resource, &low) != 0) return 1;
                  }
                  reset_limits();
                  rlimit host{}, now{};
                  (void)::prlimit(1, RLIMIT_NPROC, nullptr, &host);
                  (void)::getrlimit(RLIMIT_NPROC, &now);
                  if (now.rlim_cur != std::min(host.rlim_cur, now.rlim_max)) return 2;
                  (void)::getrlimit(RLIMIT_CPU, &now);
                  if (now.rlim_cur != RLIM_INFINITY) return 3;
                  (void)::getrlimit(RLIMIT_MSGQUEUE, &now);
                  if (now.rlim_cur != 819200) return 4;
                  (void)::getrlimit(RLIMIT_CORE, &now);
                  return now.rlim_cur == 0 ? 0 : 5;
              }),
              0);
}

TEST(LimitsTest, ALoweredHardLimitIsRaisedOrNamed) {
    const bool raises = can_raise();
    EXPECT_EQ(in_child([raises] {
                  const rlimit low{1, 1};
                  if (::setrlimit(RLIMIT_CPU, &low) != 0) return 1;
                  try {
                      reset_limits();
                  } catch (const Error& error) {
                      const bool names =
                          error.message().find("limit cpu is 1") != std::string::npos;
                      return !raises && names ? 0 : 2;
                  }
                  rlimit now{};
                  (void)::getrlimit(RLIMIT_CPU, &now);
                  return now.rlim_cur == kInfinite && now.rlim_max == kInfinite ? 0 : 3;
              }),
              0);
}

}  // namespace lxvirt::base
