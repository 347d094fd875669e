// What the driver tells the process that runs a program in a running container (helper/enter.hh),
// and what that one answers. As everything that crosses a process boundary: plain data, with the
// version first.
//
// The driver spawns lxc_helper as `lxc_enter --enter` with these descriptors and sends the plan in
// a memfd over the channel (SOCK_SEQPACKET); later each ProgramSignal goes to the program. Two
// EnterReports come back: `inside` once nothing of what it takes to get in is left to do (until
// then the driver holds the operation lock), and `ended` or `failed`. The channel's end is the
// program's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "helper/plan_init.hh"

namespace lxvirt::helper {

inline constexpr std::uint32_t kEnterVersion = 1;
inline constexpr std::size_t kMaxEnterReport = 16384;

// Descriptors of its birth: the channel, a pidfd of the container's init, and the program's
// standard input, output and errors.
inline constexpr int kEnterChannel = 3, kEnterInit = 4, kEnterStandard = 5;

struct EnterPlan {
    std::uint32_t version = kEnterVersion;
    std::string name;  // the domain's
    // The program, as an init that the definition would start now; argv[0] is looked up in the
    // PATH of `environment` where it has no slash. `user` and `group` do not count: it is root.
    Init init;
    std::vector<base::Hierarchy> hierarchies;
    std::string outer, inner;    // the container's groups: helper::Groups
    std::int32_t terminal = -1;  // the standard descriptor that is its controlling terminal
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("name", self.name);
        visit("init", self.init);
        visit("hierarchies", self.hierarchies);
        visit("outer", self.outer);
        visit("inner", self.inner);
        visit("terminal", self.terminal);
    }
};

enum class EnterPhase : std::uint32_t {
    inside,
    ended,   // the program: `status`, or `signal` where one ended it
    failed,  // `failure` says why; `status` is what a shell would make of it, 126 or 127, where it
             // is the program that cannot be executed, else 1
};

struct EnterReport {
    std::uint32_t version = kEnterVersion;
    EnterPhase phase = EnterPhase::inside;
    std::int32_t status = 0, signal = 0;
    std::int32_t code = 0;  // base::ErrorCode of a failure
    std::string failure;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("phase", self.phase);
        visit("status", self.status);
        visit("signal", self.signal);
        visit("code", self.code);
        visit("failure", self.failure);
    }
};

struct ProgramSignal {
    std::int32_t number = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("number", self.number);
    }
};

}  // namespace lxvirt::helper
