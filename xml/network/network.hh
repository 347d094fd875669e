// A network as plain data: what <network> says (libvirt's formatnetwork.html), with one struct for
// each element, named as the element; and a network port (<networkport>), which is the plug of one
// interface. The functions in xml/network/document.hh parse and format them. Nothing here touches
// the system.
//
// A value that the XML may omit is a std::optional or an empty string, and is absent exactly where
// the XML omits it. Addresses are text in the form of inet_ntop(3) unless a comment says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "xml/domain/container.hh"
#include "xml/domain/device.hh"

namespace lxvirt::xml {

// Says how the network reaches the world; none means no <forward>: the network is isolated.
enum class ForwardMode { none, nat, route, open, bridge, private_, vepa, passthrough };

// A range of addresses, both ends included.
struct AddressRange {
    std::string start, end;
};

// A range of ports, both ends included.
struct PortRange {
    unsigned start = 0, end = 0;
};

// <nat>: how source addresses are translated.
struct Nat {
    bool ipv6 = false;                    // masquerade IPv6, too
    std::optional<AddressRange> address;  // IPv4 source addresses to use, not the way out's own
    std::optional<PortRange> port;        // source ports to use; absent: 1024 to 65535
};

// <forward><interface>: a device of the host that the network may use.
struct ForwardInterface {
    std::string dev;
    unsigned connections = 0;  // live: number of ports that use it
};

// <forward>: the way out of the network, and what it needs.
struct Forward {
    ForwardMode mode = ForwardMode::none;
    std::string driver;  // kept because libvirt prints it
    Nat nat;
    std::string pf;  // <pf dev='...'/>: the network uses its virtual functions
    std::vector<ForwardInterface> interfaces;  // the first is that of <forward dev='...'>
};

// Says who fills the bridge's table of addresses; kept because libvirt prints it.
enum class MacTableManager { kernel, libvirt };

// <bridge>: the bridge that the network makes, or the existing one that it uses.
struct Bridge {
    std::string name;    // empty before choose_bridge(), in modes that make a bridge
    std::string zone;    // of firewalld
    bool stp = true;     // spanning tree of a bridge that the network makes
    unsigned delay = 0;  // seconds; forward delay of such a bridge
    std::optional<MacTableManager> mac_table_manager;
};

// <domain>: the DNS domain of the network's hosts.
struct DnsDomain {
    std::string name;
    std::optional<bool> local_only;  // names in it are not asked of other servers
};

struct DnsForwarder {    // <forwarder>: at least one of the two is set
    std::string addr;    // server to ask; empty: those of the host
    std::string domain;  // for names in this domain only; empty: for all
};

// <txt>: a text record of the DNS.
struct DnsTxt {
    std::string name, value;
};

// <srv>: a service record (RFC 2782).
struct DnsSrv {
    std::string service, protocol;  // without their underscores
    std::string domain, target;
    std::optional<unsigned> port, priority, weight;
};

// <host> in <dns>: an address with its names, as a line of hosts(5).
struct DnsHost {
    std::string ip;
    std::vector<std::string> hostnames;
};

// <dns>: what dnsmasq answers besides the names of its DHCP clients.
struct Dns {
    std::optional<bool> enable;               // absent: yes
    std::optional<bool> forward_plain_names;  // absent: yes
    std::vector<DnsForwarder> forwarders;
    std::vector<DnsTxt> txts;
    std::vector<DnsSrv> srvs;
    std::vector<DnsHost> hosts;
};

// The units of a lease's duration.
enum class LeaseUnit { seconds, minutes, hours };

// <lease>: how long a DHCP client may keep its address without asking again.
struct DhcpLease {
    std::uint32_t expiry = 0;  // in `unit`; 0: never ends
    LeaseUnit unit = LeaseUnit::minutes;
};

// Returns the duration in seconds; 0: never ends.
[[nodiscard]] std::uint64_t lease_seconds(const DhcpLease& lease);

// <range>: addresses that DHCP gives out, both ends included.
struct DhcpRange {
    std::string start, end;
    std::optional<DhcpLease> lease;
};

// <host> in <dhcp>: a client that always gets the same address.
struct DhcpHost {
    std::string mac;  // in the document's own spelling
    std::string id;   // DUID (RFC 8415); IPv6 only
    std::string name;
    std::string ip;
    std::optional<DhcpLease> lease;
};

// <dhcp>: the addresses that dnsmasq gives out on one subnet.
struct Dhcp {
    std::vector<DhcpRange> ranges;
    std::vector<DhcpHost> hosts;
    std::string bootp_file, bootp_server;
    [[nodiscard]] bool empty() const { return ranges.empty() && hosts.empty(); }
};

// <ip>: an address of the bridge, with what is offered on its subnet.
struct NetworkIp {
    std::string family;  // as the document has it: ipv4, ipv6, or empty for ipv4
    std::string address;
    std::string netmask;             // IPv4, in place of a prefix
    std::optional<unsigned> prefix;  // without either, the class decides; see ip_prefix()
    std::optional<bool> local_ptr;   // dnsmasq answers for the subnet's reverse names
    std::string tftp_root;
    Dhcp dhcp;
    [[nodiscard]] bool v6() const { return family == "ipv6"; }
};

// Returns the length of the subnet's prefix: the given one, else the netmask's, else that of the
// address's class (libvirt's rule; 64 for IPv6).
[[nodiscard]] unsigned ip_prefix(const NetworkIp& ip);
// Returns the subnet as "192.168.122.0/24", with the host's bits cleared.
[[nodiscard]] std::string ip_subnet(const NetworkIp& ip);

// <portgroup>: settings for the ports of interfaces that name it.
struct PortGroup {
    std::string name;
    bool is_default = false;  // for interfaces that name none
    std::optional<bool> trust_guest_rx_filters;
    std::optional<VirtualPort> virtualport;
    std::optional<Bandwidth> bandwidth;
    std::optional<Vlan> vlan;
    ContainerGuard guard;  // <lx:portgroup name=''> in <lx:network>
};

// <network>: the whole document.
struct Network {
    unsigned connections = 0;  // live: number of ports in use
    bool ipv6 = false;         // IPv6 among containers without an IPv6 address of the bridge
    std::optional<bool> trust_guest_rx_filters;
    std::string name;
    std::string uuid;
    std::vector<std::string> metadata;  // as Domain::metadata
    Forward forward;
    Bridge bridge;
    std::optional<unsigned> mtu;  // bytes; absent: the kernel's default
    std::string mac;              // of the bridge that the network makes
    std::optional<DnsDomain> domain;
    Dns dns;
    std::optional<Vlan> vlan;
    std::optional<Bandwidth> bandwidth;
    ContainerGuard guard;          // of all ports, in <lx:network>
    std::optional<bool> isolated;  // <port isolated='yes'/>
    std::vector<NetworkIp> ips;
    std::vector<Route> routes;
    std::optional<VirtualPort> virtualport;
    std::vector<PortGroup> portgroups;
    // Lines of dnsmasq's configuration: <dnsmasq:option value='...'/>.
    std::vector<std::string> dnsmasq_options;

    // Says whether starting the network makes a bridge; not in the modes that use an existing
    // bridge or device.
    [[nodiscard]] bool makes_bridge() const;
    // Says whether the network plugs interfaces into devices of the host, by macvlan.
    [[nodiscard]] bool uses_macvlan() const;
    // Returns the portgroup of that name, or the default one where `wanted` is empty; null where
    // there is none. Points into this network.
    [[nodiscard]] const PortGroup* portgroup(const std::string& wanted) const;
};

// Says what the port is plugged into: a bridge that a network made, an existing bridge, or a
// device.
enum class PlugType { none, network, bridge, direct };

// <networkport>: one interface's plug into a network.
struct NetworkPort {
    std::string uuid;
    std::string owner_name, owner_uuid;  // of the domain
    std::string group;                   // the portgroup that it was made with
    std::string mac;
    std::optional<VirtualPort> virtualport;
    std::optional<Bandwidth> bandwidth;
    std::optional<unsigned> class_id;  // classID of <bandwidth>; live
    std::optional<Vlan> vlan;
    std::optional<bool> isolated;
    std::optional<bool> trust_guest_rx_filters;
    PlugType plug = PlugType::none;
    std::string plug_bridge;  // for PlugType::network and bridge
    std::optional<MacTableManager> mac_table_manager;
    std::string plug_dev;  // for PlugType::direct
    std::optional<DirectMode> plug_mode;
};

}  // namespace lxvirt::xml
