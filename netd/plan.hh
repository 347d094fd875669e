// What lxnetd needs to make and hold one network, as plain data: compiled by the driver from the
// network's definition (netd/compile.hh), printed and compared by tests, carried out by lxnetd,
// which reads no XML. Also what driver and a running lxnetd say to each other.
//
// Start: the driver spawns `lxnetd --name NAME --channel 3`, where 3 is one end of a SOCK_SEQPACKET
// pair, and sends the plan in a memfd (SCM_RIGHTS). lxnetd answers with one Reply, and holds the
// network from then on if the driver sends one more byte; if the channel closes before, it undoes
// everything.
//
// Control: DIR/control.sock (SOCK_SEQPACKET, root only). One Request, one Reply. `update` carries a
// new plan in a memfd; after `stop` the end of lxnetd tells that all is undone, and the operation
// lock that came with it is held until then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/netlink/traffic.hh"

namespace lxvirt::netd {

// Another value is refused: an lxnetd of one build is not handed the plan of another.
inline constexpr std::uint32_t kPlanVersion = 1;
inline constexpr std::size_t kMaxMessage = 4096;
inline constexpr std::size_t kMaxPlan = 4U << 20;

struct PlanAddress {
    std::string address;
    std::uint32_t prefix = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("address", self.address);
        visit("prefix", self.prefix);
    }
};

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

struct BridgePlan {
    std::string name;
    std::string alias;  // IFALIAS: "lxvirt:ROOT:network:NAME"; a bridge that has it is taken over
    std::string mac;
    std::uint32_t mtu = 0;
    bool stp = false;
    std::uint32_t delay = 0;  // seconds
    bool ipv6 = false;        // else IPv6 is off on the bridge
    std::vector<PlanAddress> addresses;
    std::vector<PlanRoute> routes;
    std::optional<base::TrafficLimits> limits;
    bool forward_v4 = false, forward_v6 = false;  // the host is to route
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("name", self.name);
        visit("alias", self.alias);
        visit("mac", self.mac);
        visit("mtu", self.mtu);
        visit("stp", self.stp);
        visit("delay", self.delay);
        visit("ipv6", self.ipv6);
        visit("addresses", self.addresses);
        visit("routes", self.routes);
        visit("limits", self.limits);
        visit("forward_v4", self.forward_v4);
        visit("forward_v6", self.forward_v6);
    }
};

struct DnsmasqPlan {
    std::string program;
    std::string config, hosts, addn_hosts;  // texts of the three files
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("program", self.program);
        visit("config", self.config);
        visit("hosts", self.hosts);
        visit("addn_hosts", self.addn_hosts);
    }
};

struct NetworkPlan {
    std::uint32_t version = kPlanVersion;
    std::string name, uuid;
    std::vector<base::Hierarchy> hierarchies;
    std::string group;  // lxnetd's and dnsmasq's, in every hierarchy
    std::optional<BridgePlan> bridge;
    std::string table;  // nftables; empty = no rules
    std::string ruleset, ruleset_removal;
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
        visit("ruleset_removal", self.ruleset_removal);
        visit("dnsmasq", self.dnsmasq);
        visit("run_folder", self.run_folder);
        visit("alive_lock", self.alive_lock);
        visit("journal", self.journal);
        visit("journal_lock", self.journal_lock);
        visit("log_file", self.log_file);
    }
};

// The word that comes with the plan: to make it, or to take away what is there of it.
inline constexpr const char* kMake = "plan";
inline constexpr const char* kTakeAway = "take away";

enum class RequestKind : std::uint32_t { ping, stop, update };

struct Request {
    std::uint32_t version = kPlanVersion;
    RequestKind kind = RequestKind::ping;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("kind", self.kind);
    }
};

struct Reply {
    std::uint32_t version = kPlanVersion;
    std::int32_t code = 0;  // base::ErrorCode; 0 = done
    std::string text;       // what went wrong, prefix and all
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("code", self.code);
        visit("text", self.text);
    }
};

// Files in the network's run folder.
inline constexpr const char* kDnsmasqConfig = "dnsmasq.conf";
inline constexpr const char* kDnsmasqHosts = "hosts";
inline constexpr const char* kDnsmasqAddnHosts = "addn-hosts";
inline constexpr const char* kLeases = "leases";

}  // namespace lxvirt::netd
