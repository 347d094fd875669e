// What the driver sends to the process that runs a program in a running container
// (helper/enter.hh), and what comes back. Everything is plain data with the version first, as all
// data that crosses a process boundary.
//
// The driver spawns lxc_helper as `lxc_enter --enter` with the descriptors below, and sends the
// plan in a memfd over the channel (SOCK_SEQPACKET). Later, each ProgramSignal is passed on to the
// program. Two EnterReports come back: first `inside`, when the program exists and only its exec is
// left (until then the driver holds the operation lock), and then `ended` or `failed`. Closing the
// channel kills the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "helper/exchange/plan_init.hh"

namespace lxvirt::helper {

// Must grow when EnterPlan, EnterReport or ProgramSignal changes.
inline constexpr std::uint32_t kEnterVersion = 2;
inline constexpr std::size_t kMaxEnterReport = 16384;

// The descriptors of lxc_enter: the channel, a pidfd of the container's init, and three for the
// program's standard input, output and error.
inline constexpr int kEnterChannel = 3, kEnterInit = 4, kEnterStandard = 5;

struct EnterPlan {
    std::uint32_t version = kEnterVersion;
    std::string name;  // of the domain
    // Describes the program as an init that the present definition would start. argv[0] is looked
    // up in the PATH of `environment` where it has no slash. `user` and `group` are ignored: the
    // program runs as the container's root.
    Init init;
    std::vector<base::Hierarchy> hierarchies;
    std::string outer, inner;    // the container's groups, as in helper::Groups
    std::int32_t terminal = -1;  // which of 0 to 2 is its controlling terminal; -1: none
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

// Says which report it is.
enum class EnterPhase : std::uint32_t {
    inside,
    ended,  // the program ended, with `status` or by `signal`
    // The program does not run; `failure` says why. `status` is what a shell would exit with: 126
    // or 127 where the program cannot be executed, else 1.
    failed,
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

// Asks for a signal to be sent to the program's process group.
struct ProgramSignal {
    std::int32_t number = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("number", self.number);
    }
};

}  // namespace lxvirt::helper
