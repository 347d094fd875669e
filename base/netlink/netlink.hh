// rtnetlink (rtnetlink(7), linux/rtnetlink.h): links, addresses and routes in one network
// namespace, the one the socket was opened in. Our own small module because the static helper needs
// it and Debian ships no static libmnl. Errors carry the kernel's extended acknowledgement text
// where it sends one. netlink.cc has the messages and single links, netlink_bridge.cc bridges and
// their ports, netlink_list.cc what lists, traffic.hh the limits of bandwidth.
#pragma once

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

using MacAddress = std::array<unsigned char, 6>;
// "52:54:00:12:34:56"; nothing where it is not one.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);
[[nodiscard]] std::string format_mac(const MacAddress& mac);

// One request under construction: the header, the fixed part, then attributes, nested as needed.
class NetlinkMessage {
  public:
    NetlinkMessage(std::uint16_t type, std::uint16_t flags);
    template <typename T>
    NetlinkMessage& fixed(const T& part) {
        return append(&part, sizeof part);
    }
    NetlinkMessage& attribute(std::uint16_t type, const void* data, std::size_t size);
    NetlinkMessage& attribute(std::uint16_t type, std::uint32_t value) {
        return attribute(type, &value, sizeof value);
    }
    NetlinkMessage& attribute(std::uint16_t type, const std::string& text) {
        return attribute(type, text.c_str(), text.size() + 1);
    }
    // begin() returns the place that end() needs.
    [[nodiscard]] std::size_t begin(std::uint16_t type);
    void end(std::size_t place);
    [[nodiscard]] std::vector<char>& bytes();

  private:
    NetlinkMessage& append(const void* data, std::size_t size);
    std::vector<char> bytes_;
};

struct VethSpec {
    std::string host_name;  // "vnet0"
    std::string guest_name;
    MacAddress guest_mac{};
    std::optional<MacAddress> host_mac;
    int master = 0;  // index of the bridge; 0 = none
    bool up = true;  // the host's end
    unsigned mtu = 0;
    unsigned rx_queues = 1, tx_queues = 1;  // of both ends
    Fd guest_netns;
};

struct MacvlanSpec {
    int lower = 0;           // index of the host's device
    std::uint32_t mode = 0;  // MACVLAN_MODE_*
    std::string name;        // inside
    MacAddress mac{};
    unsigned mtu = 0;
    Fd netns;
};

// Shares the address of the device below, which stays the namespace's that it is in.
struct IpvlanSpec {
    int lower = 0;
    std::uint32_t mode = 0, flags = 0;  // IPVLAN_MODE_*, IPVLAN_F_* (linux/if_link.h)
    std::string name;                   // inside
    unsigned mtu = 0;
    Fd netns;
};

struct NetAddress {  // of either family, with its prefix length
    int family = AF_INET;
    std::array<unsigned char, 16> bytes{};
    unsigned prefix = 32;
    [[nodiscard]] std::size_t size() const { return family == AF_INET ? 4 : 16; }
};
// "192.168.1.2" or "fd00::2"; nothing where it is neither. The prefix is the whole address.
[[nodiscard]] std::optional<NetAddress> parse_address(const std::string& text);
// Without the prefix.
[[nodiscard]] std::string format_address(const NetAddress& address);

struct BridgeSpec {
    std::string name;
    std::optional<MacAddress> mac;
    std::string alias;
    unsigned mtu = 0;
    bool stp = false;
    unsigned forward_delay = 0;  // seconds; with STP the kernel has two at least
};

// BR_STATE_*, linux/if_bridge.h.
enum class PortState : std::uint8_t { disabled, listening, learning, forwarding, blocking };

struct LinkCounters {
    std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
    std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};

struct LinkFacts {
    int index = 0;
    int master = 0;  // 0 = none
    std::string name, alias;
    std::string kind;  // "bridge", "veth"; empty for hardware
    MacAddress mac{};
    unsigned mtu = 0;
    bool up = false;       // administratively
    bool carrier = false;  // IFF_LOWER_UP
    std::optional<PortState> port_state;
    LinkCounters counters;
};

struct AddressFacts {
    int index = 0;
    NetAddress address;
    bool link_local = false;
};

struct RouteFacts {
    int index = 0;
    NetAddress destination;
    bool has_gateway = false;
};

struct NeighbourFacts {
    int index = 0;
    NetAddress address;
    MacAddress mac{};
};

class Netlink {
  public:
    // In the caller's current network namespace.
    Netlink();
    // In that one; the caller's own stays as it is.
    [[nodiscard]] static Netlink inside(Fd netns);

    [[nodiscard]] std::optional<int> find_link(const std::string& name);
    // Its IFALIAS; nothing where there is no such device, empty where it has none.
    [[nodiscard]] std::optional<std::string> link_alias(const std::string& name);
    // Throws SystemError(ENODEV) naming it.
    [[nodiscard]] int link_index(const std::string& name);

    // One message makes both ends, the guest's in its namespace: moving an end later waits for
    // rcu_barrier (about 28 ms). One queue each. EEXIST where host_name is taken.
    void make_veth(const VethSpec& spec);
    void make_macvlan(const MacvlanSpec& spec);
    void make_ipvlan(const IpvlanSpec& spec);
    void set_alias(int index, const std::string& alias);
    void set_up(int index, bool up);
    void set_mtu(int index, unsigned mtu);
    // Moves a device of the host into a namespace, under `name` if not empty.
    void move_link(int index, Fd netns, const std::string& name);
    void delete_link(int index);
    void add_address(int index, const NetAddress& address, const std::optional<NetAddress>& peer);
    // `destination` with prefix 0 is the default route. `metric` 0 = the kernel's.
    void add_route(int index, const NetAddress& destination,
                   const std::optional<NetAddress>& gateway, unsigned metric);
    void remove_address(int index, const NetAddress& address);
    // Answers for the address on that device (proxy ARP and NDP), where the host forwards.
    void add_proxy(int index, const NetAddress& address);

    // --- bridges. EEXIST where the name is taken; the bridge is down.
    void make_bridge(const BridgeSpec& spec);
    // 0 = out of its bridge.
    void set_master(int index, int master);
    void set_bridge_stp(int bridge, bool on);
    // EOPNOTSUPP where the kernel cannot.
    void filter_bridge_vlans(int bridge);
    // Isolated ports of a bridge do not reach each other.
    void set_port_isolated(int port, bool isolated);
    // EBUSY while the kernel's own STP runs on the bridge, ENETDOWN without a carrier.
    void set_port_state(int port, PortState state);
    // A VLAN of a port: `untagged` frames from it get this tag, and it is taken off towards it.
    void add_port_vlan(int port, unsigned id, bool untagged);
    void remove_port_vlan(int port, unsigned id);

    // --- lists. Of all devices of the namespace.
    [[nodiscard]] std::vector<LinkFacts> links();
    [[nodiscard]] std::optional<LinkFacts> link(const std::string& name);
    [[nodiscard]] std::vector<AddressFacts> addresses();
    [[nodiscard]] std::vector<RouteFacts> routes();  // of the main table
    [[nodiscard]] std::vector<NeighbourFacts> neighbours();

    using Answer = std::function<void(const nlmsghdr*)>;
    // Sends and waits for the acknowledgement, or the end of a dump, handing what comes before it
    // to `answer`; throws SystemError saying `what`.
    void request(NetlinkMessage& message, const std::string& what, const Answer& answer = {});

  private:
    // Asks for one device by name; false where there is none.
    bool ask_link(const std::string& name, const Answer& answer);
    UniqueFd socket_;
    std::uint32_t sequence_ = 0;
};

// What an RTM_NEWLINK message tells.
[[nodiscard]] LinkFacts link_facts(const nlmsghdr* header);

// A socket that hears of changes: (NETLINK_ROUTE, RTNLGRP_LINK), (NETLINK_NETFILTER,
// NFNLGRP_NFTABLES). Non-blocking.
[[nodiscard]] UniqueFd listen_netlink(int protocol, int group);
// Hands what has come to `answer`; false where notices were lost because there were too many.
bool read_netlink(Fd listener, const Netlink::Answer& answer);

}  // namespace lxvirt::base
