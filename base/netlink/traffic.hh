// Limits of bandwidth on a network device of the host (tc(8), tc-htb(8), linux/pkt_sched.h). Frames
// that the device sends are shaped by an HTB class, frames that it receives are policed by an
// ingress filter. On the host's end of a veth pair, "sent" is the container's inbound traffic.
#pragma once

#include <cstdint>
#include <optional>

namespace lxvirt::base {

class Netlink;

struct RateLimit {  // one direction of libvirt's <bandwidth>, in bytes where libvirt has kilobytes
    std::uint64_t rate = 0;   // average, per second; 0: no limit
    std::uint64_t peak = 0;   // upper bound, per second; 0: the same as `rate`
    std::uint64_t burst = 0;  // bytes that may pass at once; 0: chosen from the rate
    bool operator==(const RateLimit&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("rate", self.rate);
        visit("peak", self.peak);
        visit("burst", self.burst);
    }
};

// Limits both directions, as the container sees them.
struct TrafficLimits {
    std::optional<RateLimit> inbound;   // towards the container: what the device sends
    std::optional<RateLimit> outbound;  // from the container: what the device receives
    bool operator==(const TrafficLimits&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("inbound", self.inbound);
        visit("outbound", self.outbound);
    }
};

// Replaces the limits of the device `index`; without any they are removed. Throws
// Error(config_unsupported) that names the part that the kernel lacks (sch_htb, sch_ingress,
// act_police), SystemError otherwise.
void limit_traffic(Netlink& netlink, int index, const TrafficLimits& limits);

}  // namespace lxvirt::base
