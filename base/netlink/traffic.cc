#include "base/netlink/traffic.hh"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::base {

namespace {

constexpr std::uint32_t kRoot = 0x10000;        // handle "1:" of the root discipline
constexpr std::uint32_t kClass = 0x10001;       // class "1:1"
constexpr std::uint32_t kIngress = 0xffff0000;  // handle "ffff:" of the ingress discipline
// The guard of a port (port_guard.cc) has 1. Earlier builds policed there.
constexpr std::uint32_t kPolicePriority = 2, kFormerPriority = 1;

tcmsg header_of(int index, std::uint32_t parent, std::uint32_t handle) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = index;
    header.tcm_parent = parent;
    header.tcm_handle = handle;
    return header;
}

// Fills in a rate in bytes per second. The field has 32 bits; larger rates need the 64-bit
// attribute besides.
tc_ratespec ratespec(std::uint64_t rate) {
    tc_ratespec spec{};
    spec.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, UINT32_MAX));
    spec.cell_log = 3;  // required; describes a rate table that the kernel no longer uses
    spec.linklayer = TC_LINKLAYER_ETHERNET;
    return spec;
}

// Returns the burst in bytes. A limit without one gets four milliseconds of the rate and one frame.
std::uint64_t burst_of(const RateLimit& limit) {
    constexpr std::uint64_t frame = 1600;
    return limit.burst != 0 ? limit.burst : limit.rate / 250 + frame;
}

// Converts a burst to the time it lasts at `rate`, in the kernel's ticks of 64 ns.
std::uint32_t ticks(std::uint64_t bytes, std::uint64_t rate) {
    const auto nanoseconds =
        static_cast<double>(bytes) * 1e9 / static_cast<double>(std::max<std::uint64_t>(rate, 1));
    return static_cast<std::uint32_t>(std::min(nanoseconds / 64, 4e9));
}

// Sends a request. The kernel answers ENOENT for a discipline, class or action that it lacks, which
// becomes an error that names `part`.
void send(Netlink& netlink, NetlinkMessage& message, const char* part, const char* what) {
    try {
        netlink.request(message, what);
    } catch (const SystemError& error) {
        if (error.error() != ENOENT && error.error() != EOPNOTSUPP) throw;
        fail(ErrorCode::config_unsupported, "{}: this kernel has no {}", what, part);
    }
}

// Shapes what the device sends: an HTB root discipline whose only class takes all traffic.
void shape(Netlink& netlink, int index, const RateLimit& limit) {
    constexpr const char* what = "limit the inbound bandwidth";
    constexpr const char* part = "queueing discipline 'htb' (CONFIG_NET_SCH_HTB)";
    NetlinkMessage root(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
    root.fixed(header_of(index, TC_H_ROOT, kRoot)).attribute(TCA_KIND, std::string("htb"));
    std::size_t options = root.begin(TCA_OPTIONS);
    tc_htb_glob global{};
    global.version = 3;
    global.rate2quantum = 10;
    global.defcls = 1;
    root.attribute(TCA_HTB_INIT, &global, sizeof global);
    root.end(options);
    send(netlink, root, part, what);

    const std::uint64_t peak = std::max(limit.peak, limit.rate);
    tc_htb_opt parameters{};
    parameters.rate = ratespec(limit.rate);
    parameters.ceil = ratespec(peak);
    parameters.buffer = ticks(burst_of(limit), limit.rate);
    parameters.cbuffer = ticks(burst_of({.rate = peak, .burst = 0}), peak);
    NetlinkMessage leaf(RTM_NEWTCLASS, NLM_F_CREATE);
    leaf.fixed(header_of(index, kRoot, kClass)).attribute(TCA_KIND, std::string("htb"));
    options = leaf.begin(TCA_OPTIONS);
    leaf.attribute(TCA_HTB_PARMS, &parameters, sizeof parameters);
    if (limit.rate > UINT32_MAX) leaf.attribute(TCA_HTB_RATE64, &limit.rate, sizeof limit.rate);
    if (peak > UINT32_MAX) leaf.attribute(TCA_HTB_CEIL64, &peak, sizeof peak);
    leaf.end(options);
    send(netlink, leaf, part, what);
}

// Polices what the device receives: an ingress discipline with a u32 filter that drops the excess.
void police(Netlink& netlink, int index, const RateLimit& limit) {
    constexpr const char* what = "limit the outbound bandwidth";
    constexpr std::uint32_t handle = kIngress;
    NetlinkMessage ingress(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
    ingress.fixed(header_of(index, TC_H_INGRESS, handle))
        .attribute(TCA_KIND, std::string("ingress"));
    send(netlink, ingress, "queueing discipline 'ingress' (CONFIG_NET_SCH_INGRESS)", what);

    tc_police rule{};
    rule.rate = ratespec(limit.rate);
    rule.burst = ticks(burst_of(limit), limit.rate);
    rule.mtu = UINT16_MAX;
    rule.action = TC_ACT_SHOT;
    const std::array<std::uint32_t, 256> table{};
    // A selector without keys matches every packet. The struct ends in an array without members,
    // which clang does not initialise with braces.
    tc_u32_sel match;
    std::memset(&match, 0, sizeof match);
    match.flags = TC_U32_TERMINAL;
    tcmsg header = header_of(index, handle, 0);
    header.tcm_info = TC_H_MAKE(kPolicePriority << 16, htons(ETH_P_ALL));
    NetlinkMessage filter(RTM_NEWTFILTER, NLM_F_CREATE);
    filter.fixed(header).attribute(TCA_KIND, std::string("u32"));
    const std::size_t options = filter.begin(TCA_OPTIONS);
    filter.attribute(TCA_U32_CLASSID, 1U).attribute(TCA_U32_SEL, &match, sizeof match);
    const std::size_t action = filter.begin(TCA_U32_POLICE);
    filter.attribute(TCA_POLICE_TBF, &rule, sizeof rule);
    filter.attribute(TCA_POLICE_RATE, table.data(), sizeof table);
    filter.end(action);
    filter.end(options);
    send(netlink, filter, "policing action (CONFIG_NET_ACT_POLICE)", what);
}

// Removes a discipline. That there is none is no error: the device had no limit.
void remove(Netlink& netlink, int index, std::uint32_t parent) {
    NetlinkMessage message(RTM_DELQDISC, 0);
    message.fixed(header_of(index, parent, 0));
    try {
        netlink.request(message, "remove the limits of bandwidth");
    } catch (const SystemError& error) {
        if (error.error() != ENOENT && error.error() != EINVAL) throw;
    }
}

// Removes the filter that polices, and leaves the ingress discipline, in which a guard may be.
void remove_police(Netlink& netlink, int index, std::uint32_t priority) {
    tcmsg header = header_of(index, kIngress, 0);
    header.tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
    NetlinkMessage message(RTM_DELTFILTER, 0);
    message.fixed(header).attribute(TCA_KIND, std::string("u32"));
    try {
        netlink.request(message, "remove the limits of bandwidth");
    } catch (const SystemError& error) {
        if (error.error() != ENOENT && error.error() != EINVAL) throw;
    }
}

}  // namespace

void limit_traffic(Netlink& netlink, int index, const TrafficLimits& limits) {
    remove(netlink, index, TC_H_ROOT);
    for (const std::uint32_t priority : {kPolicePriority, kFormerPriority})
        remove_police(netlink, index, priority);
    if (limits.inbound && limits.inbound->rate != 0) shape(netlink, index, *limits.inbound);
    if (limits.outbound && limits.outbound->rate != 0) police(netlink, index, *limits.outbound);
}

}  // namespace lxvirt::base
