// Guards of a bridge's port: a small BPF program at the ingress of the host's end of a veth, which drops
// what the container must not send to its neighbours. It runs before every hook of nftables and before
// the bridge, so that it sees BPDUs, too; nobody can flush it, and it goes with the link.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/codec.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::base {

// Says what a port drops or marks.
struct PortGuard {
    bool bpdu = false;  // drops frames of the spanning tree: 802.1D and PVST
    bool ra = false;    // drops router advertisements and redirects of ICMPv6 (RFC 6105)
    bool dhcp = false;  // drops answers of DHCP servers: UDP to port 68 or, over IPv6, 546
    bool mac = false;   // drops frames with another source address than `address`
    std::string address;
    std::uint32_t mark = 0;  // these bits are set in the mark of what passes
    [[nodiscard]] bool any() const { return bpdu || ra || dhcp || mac || mark != 0; }
    bool operator==(const PortGuard&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("bpdu", self.bpdu);
        visit("ra", self.ra);
        visit("dhcp", self.dhcp);
        visit("mac", self.mac);
        visit("address", self.address);
        visit("mark", self.mark);
    }
};

// Returns the program, of type BPF_PROG_TYPE_SCHED_CLS. Its result is TC_ACT_SHOT or TC_ACT_UNSPEC. Throws
// Error(internal_error) if `address` is needed and is no hardware address.
[[nodiscard]] std::vector<bpf_insn> port_guard_program(const PortGuard& guard);
// Loads the program; throws SystemError.
[[nodiscard]] UniqueFd load_port_guard(const PortGuard& guard);

// Guards the port with that index, in place of an earlier guard. Throws SystemError;
// Error(config_unsupported) where the kernel lacks the means.
void guard_port(Netlink& netlink, int port, const PortGuard& guard);

}  // namespace lxvirt::base
