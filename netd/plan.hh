// The plan of one network as plain data: what lxnetd needs to make it and hold it. The driver
// compiles it from the definition (netd/compile.hh), tests print and compare it, and lxnetd, which
// reads no XML, carries it out. The messages between the driver and a running lxnetd are here, too.
//
// Start: the driver spawns `lxnetd --name NAME --channel 3`, where 3 is one end of a SOCK_SEQPACKET
// pair, and sends the plan in a memfd (SCM_RIGHTS) beside kMake or kTakeAway. lxnetd answers with
// one Reply. If the driver then sends one more byte, lxnetd holds the network from now on; if the
// channel closes instead, it undoes everything.
//
// Control: lxnetd listens on control.sock in the run folder (SOCK_SEQPACKET, root only). Each
// Request gets one Reply. An `update` carries the new plan in a memfd. After `stop` the socket
// closes when everything is undone; a descriptor of the operation lock that came with it is held
// until then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/netlink/rules.hh"
#include "base/netlink/traffic.hh"

namespace lxvirt::netd {

// Must grow with every change of the structs here: lxnetd refuses a plan of another version, since
// driver and lxnetd of one installation have the same.
inline constexpr std::uint32_t kPlanVersion = 4;
inline constexpr std::size_t kMaxMessage = 4096;   // bytes
inline constexpr std::size_t kMaxPlan = 4U << 20;  // bytes

// An address of the bridge.
struct PlanAddress {
    std::string address;
    std::uint32_t prefix = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("address", self.address);
        visit("prefix", self.prefix);
    }
};

// A route through the network, to what is behind one of its containers.
struct PlanRoute {
    std::string destination, gateway;
    std::uint32_t prefix = 0, metric = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("destination", self.destination);
        visit("gateway", self.gateway);
        visit("prefix", self.prefix);
        visit("metric", self.metric);
    }
};

// Describes the bridge.
struct BridgePlan {
    std::string name;
    std::string alias;  // IFALIAS: "lxvirt:ROOT:network:NAME"; marks the bridge as ours
    std::string mac;
    std::uint32_t mtu = 0;  // bytes; 0: the kernel's default
    bool stp = false;
    std::uint32_t delay = 0;  // forward delay in seconds
    bool ipv6 = false;        // otherwise IPv6 is switched off on the bridge
    // The kernel drops what comes from the bridge with a source that is not behind it (rp_filter).
    bool checks_sources = false;
    bool never_forwards =
        false;  // the kernel forwards nothing from the bridge: an isolated network
    std::vector<PlanAddress> addresses;
    std::vector<PlanRoute> routes;
    std::optional<base::TrafficLimits> limits;
    bool forward_v4 = false, forward_v6 = false;  // the host must route
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("name", self.name);
        visit("alias", self.alias);
        visit("mac", self.mac);
        visit("mtu", self.mtu);
        visit("stp", self.stp);
        visit("delay", self.delay);
        visit("ipv6", self.ipv6);
        visit("checks_sources", self.checks_sources);
        visit("never_forwards", self.never_forwards);
        visit("addresses", self.addresses);
        visit("routes", self.routes);
        visit("limits", self.limits);
        visit("forward_v4", self.forward_v4);
        visit("forward_v6", self.forward_v6);
    }
};

// Describes dnsmasq.
struct DnsmasqPlan {
    std::string program;                    // absolute path
    std::string config, hosts, addn_hosts;  // the texts of its three files
    bool confined = false;                  // by confine_dnsmasq()
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("program", self.program);
        visit("config", self.config);
        visit("hosts", self.hosts);
        visit("addn_hosts", self.addn_hosts);
        visit("confined", self.confined);
    }
};

// What the names of the networks' tables begin with.
inline constexpr std::string_view kTablePrefix = "lxvirt_";

// The table of family inet that firewalld makes.
inline constexpr const char* kFirewalldTable = "firewalld";

// A rule that accepts some of the network's packets in another program's firewall.
struct ForeignRule {
    std::string family;  // "ip" or "ip6"
    bool input = false;  // for a chain of the hook `input`, otherwise `forward`
    std::string match;   // of nft, without the verdict
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("family", self.family);
        visit("input", self.input);
        visit("match", self.match);
    }
    friend bool operator==(const ForeignRule&, const ForeignRule&) = default;
};

// The zone of firewalld that the bridge belongs into.
struct ZonePlan {
    std::string program;             // lxc_zone; absolute path
    std::vector<std::string> zones;  // the first one that firewalld knows counts
    bool required = false;           // the network does not start without it
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("program", self.program);
        visit("zones", self.zones);
        visit("required", self.required);
    }
    friend bool operator==(const ZonePlan&, const ZonePlan&) = default;
};

// What the network has in other programs' firewalls; nothing where these are left as they are.
struct ForeignPlan {
    std::vector<ForeignRule> rules;
    std::optional<ZonePlan> zone;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("rules", self.rules);
        visit("zone", self.zone);
    }
    friend bool operator==(const ForeignPlan&, const ForeignPlan&) = default;
};

// A port of the host that leads to a container (netd/publish.hh).
struct Publication {
    std::string proto;         // "tcp" or "udp"
    std::string host_address;  // empty: each address of the host that is of the family of `address`
    std::string address;       // of the container
    std::uint16_t host_port = 0, port = 0;
    std::string file;  // of the container's port on the network; the publication goes with it
    std::uint32_t owner = 0;        // the pid of the container's supervisor; 0: nobody's
    std::uint64_t owner_start = 0;  // field 22 of /proc/PID/stat
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("proto", self.proto);
        visit("host_address", self.host_address);
        visit("address", self.address);
        visit("host_port", self.host_port);
        visit("port", self.port);
        visit("file", self.file);
        visit("owner", self.owner);
        visit("owner_start", self.owner_start);
    }
    friend bool operator==(const Publication&, const Publication&) = default;
};

// The whole plan.
struct NetworkPlan {
    std::uint32_t version = kPlanVersion;
    std::string name, uuid;
    std::vector<base::Hierarchy> hierarchies;
    std::string group;  // for lxnetd and dnsmasq, in every hierarchy
    std::optional<BridgePlan> bridge;
    std::string table;  // of nftables; empty: no rules
    // Text for nft, which makes or replaces the table; it has two places for the publications' rules.
    std::string ruleset;
    std::vector<base::RoutingRule> routing;  // keep the bridge from forwarding without the table
    ForeignPlan foreign;
    std::vector<Publication> publications;
    std::optional<DnsmasqPlan> dnsmasq;
    std::string run_folder, alive_lock, journal, journal_lock, log_file;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("name", self.name);
        visit("uuid", self.uuid);
        visit("hierarchies", self.hierarchies);
        visit("group", self.group);
        visit("bridge", self.bridge);
        visit("table", self.table);
        visit("ruleset", self.ruleset);
        visit("routing", self.routing);
        visit("foreign", self.foreign);
        visit("publications", self.publications);
        visit("dnsmasq", self.dnsmasq);
        visit("run_folder", self.run_folder);
        visit("alive_lock", self.alive_lock);
        visit("journal", self.journal);
        visit("journal_lock", self.journal_lock);
        visit("log_file", self.log_file);
    }
};

// Says what to do with the plan: make the network, or remove what a killed lxnetd has left of it.
inline constexpr const char* kMake = "plan";
inline constexpr const char* kTakeAway = "take away";

// Says what is requested: a sign of life, the end of the network, or a change.
enum class RequestKind : std::uint32_t { ping, stop, update };

// A request on the control socket.
struct Request {
    std::uint32_t version = kPlanVersion;
    RequestKind kind = RequestKind::ping;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("kind", self.kind);
    }
};

// Answers a Request or the plan.
struct Reply {
    std::uint32_t version = kPlanVersion;
    std::int32_t code = 0;  // base::ErrorCode; 0: done
    std::string text;       // the whole sentence of a failure
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("code", self.code);
        visit("text", self.text);
    }
};

// The names of files in the network's run folder.
inline constexpr const char* kDnsmasqConfig = "dnsmasq.conf";
inline constexpr const char* kDnsmasqHosts = "hosts";
inline constexpr const char* kDnsmasqAddnHosts = "addn-hosts";
inline constexpr const char* kLeases = "leases";
// Folders that dnsmasq watches, with a file for each interface of a container: MAC,NAME lines, and lines as
// in hosts(5).
inline constexpr const char* kGuestNames = "names";
inline constexpr const char* kGuestAddresses = "addresses";

// The line about the rules in lxnetd's file `status`; a network without rules by its mode has none.
inline constexpr const char* kRulesInForce = "rules=in force";
inline constexpr const char* kRulesMissing = "rules=missing";

}  // namespace lxvirt::netd
