// A network as plain data: what <network> says (libvirt's formatnetwork.html), one struct per
// element, named as the element; and a network port (<networkport>), which is one plug of one
// interface. Parsed and written by the functions of network_document.hh. Nothing here touches the
// system.
//
// Absent means std::nullopt or an empty string, exactly where the XML may omit it. Addresses are
// text in inet_ntop(3)'s form, except where a comment says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "xml/domain/device.hh"

namespace lxvirt::xml {

// none: no <forward>, the network is isolated.
enum class ForwardMode { none, nat, route, open, bridge, private_, vepa, passthrough };

struct AddressRange {
    std::string start, end;
};

struct PortRange {
    unsigned start = 0, end = 0;
};

struct Nat {
    bool ipv6 = false;                    // masquerade IPv6 too
    std::optional<AddressRange> address;  // SNAT to these instead of the way out's own; IPv4
    std::optional<PortRange> port;
};

struct ForwardInterface {
    std::string dev;
    unsigned connections = 0;  // live: ports that use it
};

struct Forward {
    ForwardMode mode = ForwardMode::none;
    std::string driver;  // <driver name='...'/>, kept for libvirt's sake
    Nat nat;
    std::string pf;                            // <pf dev='...'/>, whose virtual functions are used
    std::vector<ForwardInterface> interfaces;  // <forward dev='...'> is the first of them
};

enum class MacTableManager { kernel, libvirt };

struct Bridge {
    std::string name;    // empty until choose_bridge(), for modes that make a bridge
    std::string zone;    // of firewalld
    bool stp = true;     // of a bridge that we make
    unsigned delay = 0;  // seconds, likewise
    std::optional<MacTableManager> mac_table_manager;
};

struct DnsDomain {
    std::string name;
    std::optional<bool> local_only;
};

struct DnsForwarder {  // at least one of the two
    std::string addr;
    std::string domain;
};

struct DnsTxt {
    std::string name, value;
};

struct DnsSrv {
    std::string service, protocol;  // without the underscore
    std::string domain, target;
    std::optional<unsigned> port, priority, weight;
};

struct DnsHost {
    std::string ip;
    std::vector<std::string> hostnames;
};

struct Dns {
    std::optional<bool> enable;               // absent = yes
    std::optional<bool> forward_plain_names;  // absent = yes
    std::vector<DnsForwarder> forwarders;
    std::vector<DnsTxt> txts;
    std::vector<DnsSrv> srvs;
    std::vector<DnsHost> hosts;
};

enum class LeaseUnit { seconds, minutes, hours };

struct DhcpLease {
    std::uint32_t expiry = 0;  // 0 = never
    LeaseUnit unit = LeaseUnit::minutes;
};

// 0 = never
[[nodiscard]] std::uint64_t lease_seconds(const DhcpLease& lease);

struct DhcpRange {
    std::string start, end;
    std::optional<DhcpLease> lease;
};

struct DhcpHost {
    std::string mac;  // as the document has it: dnsmasq knows forms that are no single address
    std::string id;   // DUID, IPv6 only
    std::string name;
    std::string ip;
    std::optional<DhcpLease> lease;
};

struct Dhcp {
    std::vector<DhcpRange> ranges;
    std::vector<DhcpHost> hosts;
    std::string bootp_file, bootp_server;
    [[nodiscard]] bool empty() const { return ranges.empty() && hosts.empty(); }
};

struct NetworkIp {
    std::string family;  // as the document has it: ipv4, ipv6 or empty for ipv4
    std::string address;
    std::string netmask;             // IPv4, instead of a prefix
    std::optional<unsigned> prefix;  // neither: by the address's class, see ip_prefix()
    std::optional<bool> local_ptr;
    std::string tftp_root;
    Dhcp dhcp;
    [[nodiscard]] bool v6() const { return family == "ipv6"; }
};

// The length of the network: the prefix, the netmask's, or by the address's class (libvirt's rule;
// 64 for IPv6).
[[nodiscard]] unsigned ip_prefix(const NetworkIp& ip);
// "192.168.122.0/24", with the host's bits cleared.
[[nodiscard]] std::string ip_subnet(const NetworkIp& ip);

struct PortGroup {
    std::string name;
    bool is_default = false;
    std::optional<bool> trust_guest_rx_filters;
    std::optional<VirtualPort> virtualport;
    std::optional<Bandwidth> bandwidth;
    std::optional<Vlan> vlan;
};

struct Network {
    unsigned connections = 0;  // live: ports in use
    bool ipv6 = false;         // <network ipv6='yes'>: IPv6 between guests without an address of it
    std::optional<bool> trust_guest_rx_filters;
    std::string name;
    std::string uuid;
    std::vector<std::string> metadata;  // as Domain::metadata
    Forward forward;
    Bridge bridge;
    std::optional<unsigned> mtu;
    std::string mac;  // of a bridge that we make
    std::optional<DnsDomain> domain;
    Dns dns;
    std::optional<Vlan> vlan;
    std::optional<Bandwidth> bandwidth;
    std::optional<bool> isolated;  // <port isolated='yes'/>
    std::vector<NetworkIp> ips;
    std::vector<Route> routes;
    std::optional<VirtualPort> virtualport;
    std::vector<PortGroup> portgroups;
    std::vector<std::string> dnsmasq_options;  // <dnsmasq:option value='...'/>

    // Whether starting it makes a bridge: not for the modes that use an existing bridge or device.
    [[nodiscard]] bool makes_bridge() const;
    // Whether it plugs into devices of the host, by macvlan.
    [[nodiscard]] bool uses_macvlan() const;
    // The portgroup of that name, or the default one where `wanted` is empty; null if none is.
    [[nodiscard]] const PortGroup* portgroup(const std::string& wanted) const;
};

enum class PlugType { none, network, bridge, direct };

struct NetworkPort {
    std::string uuid;
    std::string owner_name, owner_uuid;
    std::string group;  // the portgroup it was made with
    std::string mac;
    std::optional<VirtualPort> virtualport;
    std::optional<Bandwidth> bandwidth;
    std::optional<unsigned> class_id;  // of the bandwidth, live
    std::optional<Vlan> vlan;
    std::optional<bool> isolated;
    std::optional<bool> trust_guest_rx_filters;
    PlugType plug = PlugType::none;
    std::string plug_bridge;  // network, bridge
    std::optional<MacTableManager> mac_table_manager;
    std::string plug_dev;  // direct
    std::optional<DirectMode> plug_mode;
};

}  // namespace lxvirt::xml
