// The values that go in and out of the driver's API. Enumerators carry libvirt's numbers where the
// wire protocol sends them (libvirt-domain.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::driver {

// virDomainState
enum class DomainState : int {
    nostate = 0,
    running = 1,
    blocked = 2,
    paused = 3,
    shutdown = 4,
    shutoff = 5,
    crashed = 6,
    pmsuspended = 7,
};

// Reasons are numbered per state, as libvirt does; reason_text() of shell/ and the helper's
// `status` file use the same words.
struct DomainStatus {
    DomainState state = DomainState::nostate;
    int reason = 0;
    // What is known beyond libvirt's words: "exit status 3", "killed by signal 9 (KILL)",
    // "out of memory"; empty where nothing is.
    std::string detail;
};

// virDomainRunningReason etc.; only those that can occur here, by libvirt's names.
// NOLINTBEGIN(readability-identifier-naming)
namespace reason {
inline constexpr int unknown = 0;
inline constexpr int running_booted = 1;
inline constexpr int running_unpaused = 5;
inline constexpr int paused_user = 1;
inline constexpr int paused_starting_up = 11;
inline constexpr int shutdown_user = 1;
inline constexpr int shutoff_shutdown = 1;
inline constexpr int shutoff_destroyed = 2;
inline constexpr int shutoff_crashed = 3;
inline constexpr int shutoff_failed = 6;
}  // namespace reason
// NOLINTEND(readability-identifier-naming)

// What virDomainPtr is: a name, its uuid and, while it runs, its id (the helper's pid; -1 when
// off).
struct DomainRef {
    std::string name;
    std::string uuid;
    int id = -1;
};

// One notice is one line for the user: "FILE:LINE: TEXT".
struct Defined {
    DomainRef domain;
    std::vector<std::string> notices;
};

struct DomainSummary {
    std::string name;
    int id = -1;
    DomainState state = DomainState::shutoff;
    std::string uuid;   // with ListFilter::uuids
    std::string title;  // with ListFilter::titles
    // Set where the definition cannot be read: "/etc/lxvirt/lxc/x.xml:1: ...".
    std::string problem;
};

struct ListFilter {
    bool active = true;
    bool inactive = true;
    // A row must match one of each pair that is set in it.
    bool persistent = false, transient = false;
    bool autostart = false, no_autostart = false;
    bool running = false, paused = false, shutoff = false, other = false;
    bool uuids = false;
    bool titles = false;
};

struct DomainInfo {
    DomainState state = DomainState::nostate;
    std::uint64_t max_memory = 0;  // KiB
    std::uint64_t memory = 0;      // KiB: in use while running, else the balloon's size
    unsigned vcpus = 0;
    std::uint64_t cpu_time = 0;  // ns
    bool persistent = false;
};

struct StartOptions {
    bool paused = false;
    // The container is destroyed when the process that called start ends.
    bool autodestroy = false;
};

// How a shutdown or reboot is asked for. Without any, the init is looked at and gets what it
// understands.
enum class StopMode { initctl, signal };

enum class Affect { current, live, config };

// What a container has read and written; since its start.
struct BlockStats {
    std::uint64_t read_requests = 0, read_bytes = 0, write_requests = 0, write_bytes = 0;
};

// Sizes of a disk in bytes: what it can hold, what it takes on the host, how long it is there.
struct BlockInfo {
    std::uint64_t capacity = 0, allocation = 0, physical = 0;
};

// Attach, detach or update of a device.
struct DeviceOptions {
    std::vector<Affect> affect = {Affect::live};
    bool force = false;  // detach: though it is in use
    bool validate = false;
    std::string file = "(device_definition)";  // what errors call the document
};

enum class MetadataType { description = 0, title = 1, element = 2 };

struct XmlOptions {
    bool inactive = false;
    bool security_info = false;
};

struct Version {
    std::string libvirt;     // the libvirt release whose behaviour we keep: "9.0.0"
    std::string lxvirt;      // ours
    std::string hypervisor;  // the kernel: "6.18.44"
};

struct NodeInfo {
    std::string model;         // "x86_64"
    std::uint64_t memory = 0;  // KiB
    unsigned cpus = 0, mhz = 0, nodes = 0, sockets = 0, cores = 0, threads = 0;
};

struct ConsoleOptions {
    bool force = false;  // take it from whoever has it
    bool safe = false;   // refuse where it is in use
};

// A connected console: bytes go both ways over `stream` (SOCK_STREAM, non-blocking); its end means
// the console was taken by another or the container stopped. `control` carries the window size.
struct ConsoleStream {
    base::UniqueFd stream;
    base::UniqueFd control;
    void resize(unsigned rows, unsigned columns) const;
};

// Where addresses are asked for: virDomainInterfaceAddressesSource.
enum class AddressSource : int { lease = 0, agent = 1, arp = 2 };

struct InterfaceAddress {
    std::string ip;
    unsigned prefix = 0;
    bool v6 = false;
};

struct InterfaceAddresses {
    std::string name, mac;
    std::vector<InterfaceAddress> addresses;
};

using InterfaceStats = base::LinkCounters;

// --- networks

// What virNetworkPtr is.
struct NetworkRef {
    std::string name;
    std::string uuid;
};

struct DefinedNetwork {
    NetworkRef network;
    std::vector<std::string> notices;  // "FILE:LINE: TEXT"
};

// virNetworkInfo's facts, and a row of net-list.
struct NetworkSummary {
    std::string name;
    std::string uuid;
    std::string bridge;  // empty where it has none
    bool active = false;
    bool persistent = false;
    bool autostart = false;
    // Set where the definition cannot be read: "/etc/lxvirt/networks/x.xml:1: ...".
    std::string problem;
};

struct NetworkFilter {
    // A row must match one of each pair that is set in it; none set asks for nothing.
    bool active = false, inactive = false;
    bool persistent = false, transient = false;
    bool autostart = false, no_autostart = false;
};

// virNetworkDHCPLease
struct DhcpLease {
    std::int64_t expiry = 0;  // seconds since 1970; 0 = never
    std::string mac;
    std::string iaid;
    std::string ip;
    unsigned prefix = 0;
    std::string hostname;
    std::string client_id;  // or DUID
    bool v6 = false;
};

struct DhcpLeases {
    std::vector<DhcpLease> leases;
    std::vector<std::string> notices;  // lines of the lease file that cannot be read
};

// --- events

struct Event {
    std::uint64_t sequence = 0;
    std::int64_t seconds = 0;  // wall clock
    unsigned milliseconds = 0;
    std::string kind;    // lifecycle, reboot, metadata-change ...
    std::string domain;  // name
    std::string uuid;
    // kind lifecycle: libvirt's words: "Started" "Booted"; otherwise free.
    std::string event, detail;
    std::string note;  // what libvirt has no word for: "exit status 3"
};

// Reads the journal as it grows. One per connection that listens.
class EventStream {
  public:
    virtual ~EventStream() = default;
    // Readable when next() may have something.
    [[nodiscard]] virtual base::Fd fd() const = 0;
    [[nodiscard]] virtual std::optional<Event> next() = 0;
};

}  // namespace lxvirt::driver
