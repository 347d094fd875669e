// The values that go in and out of the driver's API. Enumerators carry libvirt's numbers where the
// wire protocol sends them (libvirt-domain.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/fd.hh"
#include "base/netlink/netlink.hh"
#include "driver/flags.hh"
#include "xml/domain/container.hh"

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

// A domain's state and why it is in it. libvirt numbers the reasons for each state (namespace
// reason below); driver/names.hh has their words.
struct DomainStatus {
    DomainState state = DomainState::nostate;
    int reason = 0;
    // Says what is known beyond libvirt's words: "exit status 3", "killed by signal 9 (KILL)", "out
    // of memory"; empty where nothing is known.
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

// Stands for virDomainPtr: a name, its uuid and, while the domain runs, its id (the helper's pid;
// -1 if it is off).
struct DomainRef {
    std::string name;
    std::string uuid;
    int id = -1;
};

// The result of a definition. One notice is one line for the user: "FILE:LINE: TEXT".
struct Defined {
    DomainRef domain;
    std::vector<std::string> notices;
};

// The kinds of objects that have definitions, in the order in which `apply` brings them.
enum class ObjectKind { network, domain };

// A definition that is to be stored by Connection::define_all().
struct DefinitionChange {
    std::string name, uuid;
    std::string file;                   // names the document in errors
    std::optional<std::string> before;  // the text that was stored when the change was decided
    std::string text;                   // canonical
};
using DefinitionDone =
    std::function<void(const DefinitionChange& change, const std::optional<std::string>& error)>;

// A row of the list of domains.
struct DomainSummary {
    std::string name;
    int id = -1;
    DomainState state = DomainState::shutoff;
    std::string uuid;   // filled in with ListFilter::uuids
    std::string title;  // filled in with ListFilter::titles
    // Set if the definition cannot be read: "/etc/lxvirt/lxc/x.xml:1: ...".
    std::string problem;
};

// Selects rows of the list, as the flags of virConnectListAllDomains do.
struct ListFilter {
    bool active = true;
    bool inactive = true;
    // A row must match one of each pair in which any is set.
    bool persistent = false, transient = false;
    bool autostart = false, no_autostart = false;
    bool running = false, paused = false, shutoff = false, other = false;
    bool uuids = false;
    bool titles = false;
};

// virDomainInfo
struct DomainInfo {
    DomainState state = DomainState::nostate;
    std::uint64_t max_memory = 0;  // KiB
    std::uint64_t memory = 0;      // KiB; in use while it runs, otherwise <currentMemory>
    unsigned vcpus = 0;
    std::uint64_t cpu_time = 0;  // ns
    bool persistent = false;
};

// Counts what a container has read and written since its start.
struct BlockStats {
    std::uint64_t read_requests = 0, read_bytes = 0, write_requests = 0, write_bytes = 0;
};

// The sizes of a disk in bytes: what it can hold, what it takes up on the host, how long its file
// is.
struct BlockInfo {
    std::uint64_t capacity = 0, allocation = 0, physical = 0;
};

// The options of attach, detach and update of a device's document.
struct DeviceOptions {
    Affect flags = Affect::live;               // any of its bits
    bool validate = false;                     // refuse a document that the schema does not accept
    std::string file = "(device_definition)";  // names the document in errors
};

enum class MetadataType { description = 0, title = 1, element = 2 };

// One change of a domain's title, description or application metadata.
struct MetadataChange {
    MetadataType type = MetadataType::description;
    std::optional<std::string> value;  // the new text; nullopt removes the old one
    std::string key, uri;              // an element's prefix and namespace
};

// One change of what a domain publishes. `device` names the interface of a new publication, by its
// name on the host, its name inside or its hardware address; empty: the only one on a network.
struct PublicationChange {
    xml::ContainerPublication publication;
    std::string device;
    bool remove = false;
};

// Everything that people and programs have written about a domain.
struct DomainNotes {
    std::string title, description;
    std::vector<std::string> metadata;  // the elements below <metadata>, as text
};

// The versions that `version` prints.
struct Version {
    std::string libvirt;     // the libvirt release whose behaviour we keep: "9.0.0"
    std::string lxvirt;      // lxvirt's own release
    std::string hypervisor;  // the kernel's release: "6.18.44"
};

// virNodeInfo
struct NodeInfo {
    std::string model;         // "x86_64"
    std::uint64_t memory = 0;  // KiB
    unsigned cpus = 0, mhz = 0, nodes = 0, sockets = 0, cores = 0, threads = 0;
};

// How the init of a container ended: an exit status, or the signal that killed it.
struct InitEnd {
    int status = 0, signal = 0;
};

// A connected console, owned by the caller. Bytes go both ways over `stream` (SOCK_STREAM,
// non-blocking); its end means that another has taken the console or that the container has
// stopped. `control` carries the window size. `ended` tells the end of the init to the one who
// started the domain with this console; otherwise it is not valid.
struct ConsoleStream {
    base::UniqueFd stream;
    base::UniqueFd control;
    base::UniqueFd ended;
    void resize(unsigned rows, unsigned columns) const;
    // Call this after the end of `stream`. Returns nullopt if the container goes on: it boots again,
    // or another has taken the console. Throws operation_failed if its supervisor was killed.
    [[nodiscard]] std::optional<InitEnd> end() const;
};

// virDomainInterfaceAddressesSource: where addresses are asked for.
enum class AddressSource : int { lease = 0, agent = 1, arp = 2 };

// One address in its text form, with the length of its prefix in bits.
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

// Stands for virNetworkPtr.
struct NetworkRef {
    std::string name;
    std::string uuid;
};

// The result of a definition of a network.
struct DefinedNetwork {
    NetworkRef network;
    std::vector<std::string> notices;  // "FILE:LINE: TEXT"
};

// A row of net-list, with the facts that net-info prints.
struct NetworkSummary {
    std::string name;
    std::string uuid;
    std::string bridge;  // empty if it has none
    bool active = false;
    bool persistent = false;
    bool autostart = false;
    // The network's rules are not in force: the lxnetd was killed, or cannot restore them. Nothing is
    // forwarded then.
    bool without_rules = false;
    // Set if the definition cannot be read: "/etc/lxvirt/networks/x.xml:1: ...".
    std::string problem;
};

// Selects rows of net-list.
struct NetworkFilter {
    // A row must match one of each pair in which any is set.
    bool active = false, inactive = false;
    bool persistent = false, transient = false;
    bool autostart = false, no_autostart = false;
};

// virNetworkDHCPLease
struct DhcpLease {
    std::int64_t expiry = 0;  // seconds since 1970; 0 means never
    std::string mac;
    std::string iaid;
    std::string ip;
    unsigned prefix = 0;
    std::string hostname;
    std::string client_id;  // the DHCP client identifier, or DUID of DHCPv6
    bool v6 = false;
};

// The leases of a network.
struct DhcpLeases {
    std::vector<DhcpLease> leases;
    std::vector<std::string> notices;  // lines of the lease file that cannot be read
};

// --- events

// virDomainEventID: what an event of a domain is about.
enum class DomainEventKind : int {
    lifecycle = 0,
    reboot = 1,
    rtc_change = 2,
    watchdog = 3,
    io_error = 4,
    graphics = 5,
    io_error_reason = 6,
    control_error = 7,
    block_job = 8,
    disk_change = 9,
    tray_change = 10,
    pm_wakeup = 11,
    pm_suspend = 12,
    balloon_change = 13,
    pm_suspend_disk = 14,
    device_removed = 15,
    block_job_2 = 16,
    tunable = 17,
    agent_lifecycle = 18,
    device_added = 19,
    migration_iteration = 20,
    job_completed = 21,
    device_removal_failed = 22,
    metadata_change = 23,
    block_threshold = 24,
    memory_failure = 25,
    memory_device_size_change = 26,
};

// virDomainEventType
enum class DomainLifecycle : int {
    defined = 0,
    undefined = 1,
    started = 2,
    suspended = 3,
    resumed = 4,
    stopped = 5,
    shutdown = 6,
    pmsuspended = 7,
    crashed = 8,
};

// virDomainEvent*DetailType of each lifecycle event; only those that can occur here, by libvirt's
// names.
// NOLINTBEGIN(readability-identifier-naming)
namespace detail {
inline constexpr int defined_added = 0;
inline constexpr int defined_updated = 1;
inline constexpr int defined_renamed = 2;
inline constexpr int undefined_removed = 0;
inline constexpr int undefined_renamed = 1;
inline constexpr int started_booted = 0;
inline constexpr int suspended_paused = 0;
inline constexpr int resumed_unpaused = 0;
inline constexpr int stopped_shutdown = 0;
inline constexpr int stopped_destroyed = 1;
inline constexpr int stopped_crashed = 2;
inline constexpr int stopped_failed = 5;
}  // namespace detail
// NOLINTEND(readability-identifier-naming)

// An event of a domain.
struct DomainEvent {
    DomainRef domain;  // `id` is not known
    DomainEventKind kind = DomainEventKind::lifecycle;
    // Kind lifecycle: what happened, and virDomainEvent*DetailType of it.
    DomainLifecycle lifecycle = DomainLifecycle::defined;
    int detail = 0;
    // Kind metadata_change: what was changed.
    MetadataType metadata = MetadataType::description;
    // Kind metadata_change: the namespace of an element; kinds device_added and device_removed: the
    // device's alias.
    std::string text;
};

// virNetworkEventID, and what libvirt has no number for.
enum class NetworkEventKind : int {
    lifecycle = 0,
    supervision = 1000,  // another lxnetd holds the network, after the one before was killed
};

// virNetworkEventLifecycleType
enum class NetworkLifecycle : int { defined = 0, undefined = 1, started = 2, stopped = 3 };

// An event of a network.
struct NetworkEvent {
    NetworkRef network;
    NetworkEventKind kind = NetworkEventKind::lifecycle;
    NetworkLifecycle lifecycle = NetworkLifecycle::defined;
    std::string text;  // kind supervision: "Restored Supervisor"
};

// One line of the journal as an event.
struct Event {
    std::uint64_t sequence = 0;  // counts up by one, over all objects of a root
    std::int64_t seconds = 0;    // since 1970, by the wall clock
    unsigned milliseconds = 0;   // of the second, 0 to 999
    std::variant<DomainEvent, NetworkEvent> what;
    std::string note;  // says what libvirt has no word for: "exit status 3"
};

// Reads the journal as it grows. Each connection that listens has one of its own.
class EventStream {
  public:
    virtual ~EventStream() = default;
    // Returns a descriptor that is readable when next() may have something; this object owns it.
    [[nodiscard]] virtual base::Fd fd() const = 0;
    // Returns the next event, or nullopt if none is there.
    [[nodiscard]] virtual std::optional<Event> next() = 0;
};

}  // namespace lxvirt::driver
