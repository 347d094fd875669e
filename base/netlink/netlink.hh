// rtnetlink (rtnetlink(7), linux/rtnetlink.h): links, addresses, routes and neighbours of one
// network namespace, the one in which the socket was opened. This is a small module of our own
// because the static helper needs it and Debian ships no static libmnl. Errors carry the text of
// the kernel's extended acknowledgement where it sends one.
//
//   netlink.cc  messages, and single links, addresses and routes
//   bridge.cc   bridges and their ports
//   list.cc     lists, text forms of addresses, and listening for changes
//   traffic.cc  limits of bandwidth (traffic.hh)
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

// An Ethernet address in transmission order.
using MacAddress = std::array<unsigned char, 6>;
// Parses "52:54:00:12:34:56"; returns nothing for any other text.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);
// Returns six two-digit hexadecimal numbers in lower case, separated by colons.
[[nodiscard]] std::string format_mac(const MacAddress& mac);

// Builds one request: the header, the fixed part of its type, then attributes, nested as needed.
class NetlinkMessage {
  public:
    // `type` is RTM_*; `flags` are NLM_F_*, to which REQUEST and ACK are added.
    NetlinkMessage(std::uint16_t type, std::uint16_t flags);
    // Appends the fixed part that follows the header, such as an ifinfomsg.
    template <typename T>
    NetlinkMessage& fixed(const T& part) {
        return append(&part, sizeof part);
    }
    // Appends an attribute, padded to four bytes.
    NetlinkMessage& attribute(std::uint16_t type, const void* data, std::size_t size);
    NetlinkMessage& attribute(std::uint16_t type, std::uint32_t value) {
        return attribute(type, &value, sizeof value);
    }
    NetlinkMessage& attribute(std::uint16_t type, const std::string& text) {
        return attribute(type, text.c_str(), text.size() + 1);
    }
    // Begins a nested attribute; end() needs the returned place.
    [[nodiscard]] std::size_t begin(std::uint16_t type);
    void end(std::size_t place);
    // Returns the finished message, with its length filled in; valid as long as this object.
    [[nodiscard]] std::vector<char>& bytes();

  private:
    NetlinkMessage& append(const void* data, std::size_t size);
    std::vector<char> bytes_;
};

// Describes a veth pair (veth(4)): one end on the host, one in a container.
struct VethSpec {
    std::string host_name;   // end on the host: "vnet0"
    std::string guest_name;  // end in the container: "eth0"
    MacAddress guest_mac{};
    std::optional<MacAddress> host_mac;     // the kernel draws one if absent
    int master = 0;                         // index of the bridge for the host's end; 0: none
    bool up = true;                         // whether the host's end is up
    unsigned mtu = 0;                       // in bytes; 0: the kernel's default
    unsigned rx_queues = 1, tx_queues = 1;  // of both ends
    Fd guest_netns;                         // network namespace of the container
};

// Describes a macvlan device in a container.
struct MacvlanSpec {
    int lower = 0;           // index of the host's device below it
    std::uint32_t mode = 0;  // MACVLAN_MODE_*
    std::string name;        // name in the container
    MacAddress mac{};
    unsigned mtu = 0;  // in bytes; 0: that of the device below
    Fd netns;
};

// Describes an ipvlan device in a container. It shares the hardware address of the device below,
// which stays in its own network namespace.
struct IpvlanSpec {
    int lower = 0;
    std::uint32_t mode = 0, flags = 0;  // IPVLAN_MODE_*, IPVLAN_F_* (linux/if_link.h)
    std::string name;                   // name in the container
    unsigned mtu = 0;
    Fd netns;
};

// Describes a VLAN device in a container, on top of one of the host's.
struct VlanSpec {
    int lower = 0;         // index of the host's device below it
    std::uint32_t id = 0;  // of the VLAN, at most 4094
    std::string name;      // name in the container
    MacAddress mac{};
    unsigned mtu = 0;  // in bytes; 0: that of the device below
    Fd netns;
};

struct NetAddress {  // an address of either family with its prefix length
    int family = AF_INET;
    std::array<unsigned char, 16> bytes{};  // in network order; IPv4 uses the first four
    unsigned prefix = 32;
    [[nodiscard]] std::size_t size() const { return family == AF_INET ? 4 : 16; }
};
// Parses "192.168.1.2" or "fd00::2", with the prefix set to the whole address; returns nothing for
// any other text.
[[nodiscard]] std::optional<NetAddress> parse_address(const std::string& text);
// Returns the address without its prefix length.
[[nodiscard]] std::string format_address(const NetAddress& address);

// Describes a bridge.
struct BridgeSpec {
    std::string name;
    std::optional<MacAddress> mac;  // the kernel draws one if absent
    std::string alias;              // IFALIAS; empty: none
    unsigned mtu = 0;               // in bytes; 0: the kernel's default
    bool stp = false;
    unsigned forward_delay = 0;  // in seconds; with STP the kernel takes no less than two
};

// Has the values of BR_STATE_* (linux/if_bridge.h).
enum class PortState : std::uint8_t { disabled, listening, learning, forwarding, blocking };

// Counts since the device was made, from the device's own view (rtnl_link_stats64).
struct LinkCounters {
    std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
    std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};

// Describes a network device.
struct LinkFacts {
    int index = 0;   // IFINDEX
    int master = 0;  // index of the bridge that it is a port of; 0: none
    std::string name, alias;
    std::string kind;  // IFLA_INFO_KIND: "bridge", "veth"; empty for hardware
    MacAddress mac{};
    unsigned mtu = 0;
    bool up = false;                      // IFF_UP: administratively up
    bool carrier = false;                 // IFF_LOWER_UP: the cable or the other end is up
    std::optional<PortState> port_state;  // of a bridge port only
    LinkCounters counters;
};

// An address of a device.
struct AddressFacts {
    int index = 0;
    NetAddress address;
    bool link_local = false;  // scope link (IPv6 fe80::/10, IPv4 169.254.0.0/16)
};

// A route of the main table.
struct RouteFacts {
    int index = 0;  // index of the device
    NetAddress destination;
    bool has_gateway = false;
    bool advertised = false;  // learned from a router advertisement (RTPROT_RA)
};

// An entry of the ARP or NDP table that is fit for use.
struct NeighbourFacts {
    int index = 0;  // index of the device
    NetAddress address;
    MacAddress mac{};
};

// A socket of NETLINK_ROUTE. Unless said otherwise, its functions wait for the kernel's answer
// and throw SystemError that names the act and the device. `index` and `port` are device indices
// (IFINDEX).
class Netlink {
  public:
    // Opens a socket in the caller's current network namespace. Another protocol than rtnetlink
    // (NETLINK_NETFILTER) is for request() alone.
    explicit Netlink(int protocol = NETLINK_ROUTE);
    // Opens a socket in the namespace `netns`; the caller stays in its own.
    [[nodiscard]] static Netlink inside(Fd netns);

    // Returns the index of the device `name`, or nothing where there is none.
    [[nodiscard]] std::optional<int> find_link(const std::string& name);
    // Returns the IFALIAS of the device `name`: nothing where there is no such device, empty where
    // it has no alias.
    [[nodiscard]] std::optional<std::string> link_alias(const std::string& name);
    // Returns the index of the device `name`. Throws SystemError(ENODEV) that names it where there
    // is none.
    [[nodiscard]] int link_index(const std::string& name);

    // Makes a veth pair. One message makes both ends, the container's directly in its namespace:
    // moving an end later would wait for rcu_barrier(), about 28 ms. EEXIST where host_name is
    // taken.
    void make_veth(const VethSpec& spec);
    void make_macvlan(const MacvlanSpec& spec);
    void make_ipvlan(const IpvlanSpec& spec);
    void make_vlan(const VlanSpec& spec);
    void set_alias(int index, const std::string& alias);
    void set_up(int index, bool up);
    void set_mtu(int index, unsigned mtu);
    // Gives a device another hardware address.
    void set_mac(int index, const MacAddress& mac);
    // Moves a device of the host into the namespace `netns`; it is renamed to `name` unless that is
    // empty.
    void move_link(int index, Fd netns, const std::string& name);
    void delete_link(int index);
    // Adds an address; an IPv6 one is usable at once, without duplicate address detection. `peer`
    // is the other end of a point-to-point link.
    void add_address(int index, const NetAddress& address, const std::optional<NetAddress>& peer);
    // Adds a route to the main table. A `destination` with prefix 0 is the default route; `metric`
    // 0 leaves the metric to the kernel.
    void add_route(int index, const NetAddress& destination,
                   const std::optional<NetAddress>& gateway, unsigned metric);
    // Makes the host answer ARP or NDP requests for `address` on that device (NTF_PROXY), where the
    // host forwards.
    void add_proxy(int index, const NetAddress& address);

    // --- bridges and their ports
    //
    // Makes a bridge, which is down at first. EEXIST where the name is taken.
    void make_bridge(const BridgeSpec& spec);
    // Makes the device a port of the bridge with the index `master`; 0 takes it out of its bridge.
    void set_master(int index, int master);
    void set_bridge_stp(int bridge, bool on);
    // Switches VLAN filtering on. EOPNOTSUPP where the kernel lacks CONFIG_BRIDGE_VLAN_FILTERING.
    void filter_bridge_vlans(int bridge);
    // Isolates a port: isolated ports of a bridge exchange no frames with each other (bridge(8)).
    void set_port_isolated(int port, bool isolated);
    // Sets the spanning tree state of a port. EBUSY while the kernel's own STP runs on the bridge,
    // ENETDOWN without a carrier.
    void set_port_state(int port, PortState state);
    // Makes a port a member of VLAN `id`. With `untagged`, frames that enter without a tag get this
    // one, and the tag is removed from frames that leave (PVID and untagged of bridge(8)).
    void add_port_vlan(int port, unsigned id, bool untagged);
    void remove_port_vlan(int port, unsigned id);

    // --- lists of the whole namespace
    [[nodiscard]] std::vector<LinkFacts> links();
    [[nodiscard]] std::optional<LinkFacts> link(const std::string& name);
    [[nodiscard]] std::vector<AddressFacts> addresses();
    [[nodiscard]] std::vector<RouteFacts> routes();          // of the main table
    [[nodiscard]] std::vector<NeighbourFacts> neighbours();  // usable ones

    // Receives each message of an answer; the message is valid only during the call.
    using Answer = std::function<void(const nlmsghdr*)>;
    // Sends `message` and waits for its acknowledgement or the end of the dump. Messages before
    // that are handed to `answer`. Throws SystemError that begins with `what`.
    void request(NetlinkMessage& message, const std::string& what, const Answer& answer = {});
    // Words the act only when it has failed.
    using Words = std::function<std::string()>;
    void request(NetlinkMessage& message, const Words& words, const Answer& answer = {});

  private:
    // Asks for one device by its name; returns false where there is none.
    bool ask_link(const std::string& name, const Answer& answer);
    // Returns the name of a device in quotes, for an error; its number where the device is gone.
    [[nodiscard]] std::string name_of(int index);
    UniqueFd socket_;
    std::uint32_t sequence_ = 0;
};

// Returns the facts in an RTM_NEWLINK message.
[[nodiscard]] LinkFacts link_facts(const nlmsghdr* header);

// Opens a non-blocking socket that receives the kernel's notifications of a group: (NETLINK_ROUTE,
// RTNLGRP_LINK), (NETLINK_NETFILTER, NFNLGRP_NFTABLES). Throws SystemError.
[[nodiscard]] UniqueFd listen_netlink(int protocol, int group);
// Hands all waiting notifications to `answer`. Returns false where some were lost because the
// socket's buffer overflowed (ENOBUFS): the caller then has to look for itself. Throws SystemError.
bool read_netlink(Fd listener, const Netlink::Answer& answer);

}  // namespace lxvirt::base
