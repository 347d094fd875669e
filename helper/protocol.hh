// What the driver and a running helper say to each other.
//
// Start: the driver spawns `lxc_helper --name NAME --channel FD` where FD is one end of a
// SOCK_SEQPACKET pair, and sends one StartRequest with the plan in a memfd (SCM_RIGHTS). Where the
// plan says so it makes the container's groups while the helper prepares the rest, and says
// kGroupsMade; it removes them where the start fails before that. The helper answers with one
// StartReply and then waits for one byte that commits the start; if the channel closes before, it
// undoes everything.
//
// Control: DIR/control.sock (SOCK_SEQPACKET, root only, SO_PEERCRED checked). One Request, one
// Reply; a console reply carries the stream's descriptor, and that connection then takes
// Request::resize.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "helper/plan.hh"

namespace lxvirt::helper {

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxMessage = 4096;
inline constexpr std::size_t kMaxPlan = 4U << 20;

// A loop device that the helper keeps attached.
struct HeldLoop {
    std::string device;  // the domain's device that it was made for
    std::uint32_t major = 7, minor = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("device", self.device);
        visit("major", self.major);
        visit("minor", self.minor);
    }
};

struct StartReply {
    std::uint32_t version = kProtocolVersion;
    std::int32_t error = 0;     // errno; 0 with a text = not a system error
    std::string failure;        // empty = the container runs
    std::string host_consoles;  // "/dev/pts/3 /dev/pts/4"
    std::int32_t init_pid = 0;
    std::vector<HeldLoop> loops;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("error", self.error);
        visit("failure", self.failure);
        visit("host_consoles", self.host_consoles);
        visit("init_pid", self.init_pid);
        visit("loops", self.loops);
    }
};

enum class RequestKind : std::uint32_t {
    ping = 0,
    destroy,       // kill, undo, go; the reply comes before, the end is the socket's end; the
                   // operation lock may come along, which is then held until the end
    signal,        // send `value` to the init; `flag`: its end counts as asked for
    ask_restart,   // the next end of the init is a reboot, whatever its status
    open_console,  // `text` = alias or empty; `flag` = force, `value` bit 0 = safe
    resize,        // on a console's connection: `value` = rows << 16 | columns
    set_paused,    // `flag`: freezes or thaws the group, and notes it in the status file
    // What hot-plug leaves with the helper, because it is to go with the container; `text` is the
    // device's alias. To let go of what it does not have is no error.
    hold,            // one descriptor: a loop device
    release,         // closes it
    add_console,     // `text` = an encoded AddedConsole; descriptors: the container's and the
                     // host's master
    remove_console,  // ends its relay
};

struct Request {
    std::uint32_t version = kProtocolVersion;
    RequestKind kind = RequestKind::ping;
    std::uint32_t value = 0;
    bool flag = false;
    std::string text;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("kind", self.kind);
        visit("value", self.value);
        visit("flag", self.flag);
        visit("text", self.text);
    }
};

struct AddedConsole {
    ConsolePlan plan;
    std::string host_path;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("plan", self.plan);
        visit("host_path", self.host_path);
    }
};

struct Reply {
    std::uint32_t version = kProtocolVersion;
    std::int32_t code = 0;  // base::ErrorCode; 0 = done
    std::string text;       // what went wrong
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("code", self.code);
        visit("text", self.text);
    }
};

}  // namespace lxvirt::helper
