// Limits of bandwidth on a network device of the host (tc(8), tc-htb(8), linux/pkt_sched.h): what
// it sends is shaped by an HTB class, what it receives is policed by an ingress filter. Seen from
// the host's end of a veth, sending is the container's inbound traffic.
#pragma once

#include <cstdint>
#include <optional>

namespace lxvirt::base {

class Netlink;

struct RateLimit {           // bytes
    std::uint64_t rate = 0;  // per second
    std::uint64_t peak = 0;  // per second; 0 = the rate
    std::uint64_t burst = 0;
    bool operator==(const RateLimit&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("rate", self.rate);
        visit("peak", self.peak);
        visit("burst", self.burst);
    }
};

struct TrafficLimits {
    std::optional<RateLimit> inbound;   // towards the guest: what the device sends
    std::optional<RateLimit> outbound;  // from the guest: what the device receives
    bool operator==(const TrafficLimits&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("inbound", self.inbound);
        visit("outbound", self.outbound);
    }
};

// Replaces the limits of a device; without any they are removed. Throws config_unsupported naming
// the kernel's missing part (sch_htb, sch_ingress, act_police).
void limit_traffic(Netlink& netlink, int index, const TrafficLimits& limits);

}  // namespace lxvirt::base
