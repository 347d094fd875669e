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
    // Drops all but ARP and what comes from one of `addresses`; from the link-local address that
    // RFC 4291 (appendix A) makes of `address`, and what a host sends before it has an address.
    bool ip = false;
    // Drops ARP and neighbour discovery that speak for another than these addresses.
    bool arp = false;
    std::string address;                      // the hardware address of the container's end
    std::vector<std::string> addresses = {};  // of IPv4 and IPv6
    std::uint32_t mark = 0;                   // these bits are set in the mark of what passes
    [[nodiscard]] bool drops() const { return bpdu || ra || dhcp || mac || ip || arp; }
    [[nodiscard]] bool any() const { return drops() || mark != 0; }
    bool operator==(const PortGuard&) const = default;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("bpdu", self.bpdu);
        visit("ra", self.ra);
        visit("dhcp", self.dhcp);
        visit("mac", self.mac);
        visit("ip", self.ip);
        visit("arp", self.arp);
        visit("address", self.address);
        visit("addresses", self.addresses);
        visit("mark", self.mark);
    }
};

// Returns the program, of type BPF_PROG_TYPE_SCHED_CLS. Its result is TC_ACT_SHOT or TC_ACT_UNSPEC. Throws
// Error(internal_error) if `address` is needed and is no hardware address, or one of `addresses` is none.
[[nodiscard]] std::vector<bpf_insn> port_guard_program(const PortGuard& guard);
// Returns the address that RFC 4862 makes of a prefix of 64 bits and a hardware address (EUI-64).
[[nodiscard]] NetAddress address_of_mac(const NetAddress& prefix, const MacAddress& mac);
// Loads the program; throws SystemError, and Error(config_unsupported) on a kernel without bpf(2).
[[nodiscard]] UniqueFd load_port_guard(const PortGuard& guard);

// Guards the port with that index, in place of an earlier guard. Throws SystemError;
// Error(config_unsupported) where the kernel lacks the means.
void guard_port(Netlink& netlink, int port, const PortGuard& guard);

}  // namespace lxvirt::base
