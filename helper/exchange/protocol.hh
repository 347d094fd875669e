// What the driver and a running helper exchange. All messages begin with a version.
//
// Start: the driver spawns `lxc_helper --name NAME --channel FD`, where FD is one end of a
// SOCK_SEQPACKET pair, and sends the plan in a memfd (SCM_RIGHTS). If the plan says so, the driver
// makes the container's groups while the helper prepares the rest, and then sends the word
// kGroupsMade (helper/exchange/sync.hh); if the start fails before that, the driver removes them. The helper
// answers with one StartReply and waits for one byte that commits the start. A stream for the first
// console may come along with that byte; then the channel stays open, and an EndReport comes over
// it at the end. If the channel closes
// before that byte, the helper undoes everything.
//
// Control: the helper listens on control.sock in the run folder (SOCK_SEQPACKET; the peer must be
// root by SO_PEERCRED). Each Request gets one Reply. The reply to open_console carries the
// descriptor of a stream, and the same connection then takes Request::resize.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "helper/exchange/plan.hh"

namespace lxvirt::helper {

// Must grow when a message changes. A running helper of an older version answers with an error that
// says so.
inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxMessage = 4096;   // bytes
inline constexpr std::size_t kMaxPlan = 4U << 20;  // bytes

// A loop device that the helper keeps attached.
struct HeldLoop {
    std::string device;  // alias of the domain's device
    std::uint32_t major = 7, minor = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("device", self.device);
        visit("major", self.major);
        visit("minor", self.minor);
    }
};

// A network device of the host that was moved into the container.
struct MovedLink {
    std::string name;        // on the host
    std::int32_t index = 0;  // in the container, where its root may have renamed it
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("name", self.name);
        visit("index", self.index);
    }
};

// Tells how the start went.
struct StartReply {
    std::uint32_t version = kProtocolVersion;
    std::int32_t error = 0;     // errno; 0 with a `failure`: not a system error
    std::string failure;        // empty: the container runs
    std::string host_consoles;  // "/dev/pts/3 /dev/pts/4", in the order of the consoles
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

// Tells the process that started the container with its console how the init has ended, over the
// channel of the start. It is sent when everything of the container is gone; the stream of the
// console ends after that.
struct EndReport {
    std::uint32_t version = kProtocolVersion;
    std::int32_t status = 0;  // of the init; 0 where it halted or rebooted the container
    std::int32_t signal = 0;  // that killed it
    bool goes_on = false;     // the container boots again
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("status", self.status);
        visit("signal", self.signal);
        visit("goes_on", self.goes_on);
    }
};

// Says what is requested, and what the other fields of Request mean.
enum class RequestKind : std::uint32_t {
    ping = 0,
    // Kills the container. The reply is sent first; the end is over when the socket closes. The
    // caller may pass a descriptor of the operation lock, which is then held until that moment.
    destroy,
    signal,        // sends signal `value` to the init; `flag`: its end was asked for
    ask_restart,   // the next end of the init is a reboot, whatever its status
    open_console,  // `text`: alias, or empty; `flag`: force; `value` bit 0: safe
    resize,        // on a console's connection; `value`: rows << 16 | columns
    set_paused,    // `flag`: freeze, else thaw; recorded in the status file
    // Hand over to the helper what a hot-plugged device needs as long as the container lives.
    // `text` is the alias of the device. Releasing what the helper does not have is no error.
    hold,     // with one descriptor: of a loop device
    release,  // closes that descriptor
    // Adds a console. `text` is an encoded AddedConsole; two descriptors come along, the masters of
    // the container's pty and of the host's.
    add_console,
    remove_console,  // ends the console's relay
    // The reply carries a descriptor of the tmpfs of the container's /dev, by which nodes are made
    // and removed (helper/objects/inner_dev.hh).
    open_dev,
    // `text` is an encoded MovedLink, which is given back to the host when the container ends.
    hold_link,
    release_link,  // `text`: its name on the host; it was given back already
};

// A request on the control socket.
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

// Describes a hot-plugged console.
struct AddedConsole {
    ConsolePlan plan;
    std::string host_path;  // of the host's pty: "/dev/pts/3"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("plan", self.plan);
        visit("host_path", self.host_path);
    }
};

// Answers a Request.
struct Reply {
    std::uint32_t version = kProtocolVersion;
    std::int32_t code = 0;  // base::ErrorCode; 0: done
    std::string text;       // the whole sentence of a failure
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("code", self.code);
        visit("text", self.text);
    }
};

}  // namespace lxvirt::helper
