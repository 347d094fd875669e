// Bridges and their ports (linux/if_link.h, IFLA_BR_* and IFLA_BRPORT_*).
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netlink.h>

#include "base/error.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::base {

namespace {

constexpr unsigned kTicks = 100;  // times of a bridge are in USER_HZ, hundredths of a second

// Returns the fixed part of a message about a link; AF_BRIDGE makes the kernel treat the link as a
// bridge's port.
ifinfomsg header_of(int index, unsigned char family = AF_UNSPEC) {
    ifinfomsg header{};
    header.ifi_family = family;
    header.ifi_index = index;
    return header;
}

// Appends an attribute of one byte.
NetlinkMessage& byte(NetlinkMessage& message, std::uint16_t type, std::uint8_t value) {
    return message.attribute(type, &value, sizeof value);
}

// Wraps the attributes that `fill` appends into the data of a link of kind "bridge".
template <typename Fill>
void bridge_data(NetlinkMessage& message, const Fill& fill) {
    const std::size_t info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, std::string("bridge"));
    const std::size_t data = message.begin(IFLA_INFO_DATA);
    fill();
    message.end(data);
    message.end(info);
}

}  // namespace

void Netlink::make_bridge(const BridgeSpec& spec) {
    NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    message.fixed(header_of(0)).attribute(IFLA_IFNAME, spec.name);
    if (spec.mac) message.attribute(IFLA_ADDRESS, spec.mac->data(), spec.mac->size());
    if (spec.mtu != 0) message.attribute(IFLA_MTU, spec.mtu);
    bridge_data(message, [&] {
        message.attribute(IFLA_BR_FORWARD_DELAY, spec.forward_delay * kTicks);
        message.attribute(IFLA_BR_STP_STATE, spec.stp ? 1U : 0U);
    });
    request(message, fmt::format("error creating bridge interface {}", spec.name));
    // The kernel ignores IFLA_IFALIAS in the message that makes a link.
    if (!spec.alias.empty()) set_alias(link_index(spec.name), spec.alias);
}

void Netlink::set_master(int index, int master) {
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(header_of(index)).attribute(IFLA_MASTER, static_cast<std::uint32_t>(master));
    request(message, [&] {
        return fmt::format("put network device {} into bridge {}", name_of(index), name_of(master));
    });
}

void Netlink::set_bridge_stp(int bridge, bool on) {
    NetlinkMessage message(RTM_NEWLINK, 0);
    message.fixed(header_of(bridge));
    bridge_data(
        message, [&] { message.attribute(IFLA_BR_STP_STATE, on ? 1U : 0U); });
    request(message, [&] {
        return fmt::format("switch STP of bridge {} {}", name_of(bridge), on ? "on" : "off");
    });
}

void Netlink::filter_bridge_vlans(int bridge) {
    NetlinkMessage message(RTM_NEWLINK, 0);
    message.fixed(header_of(bridge));
    bridge_data(
        message, [&] { byte(message, IFLA_BR_VLAN_FILTERING, 1); });
    request(message,
            [&] { return fmt::format("switch VLAN filtering of bridge {} on", name_of(bridge)); });
}

void Netlink::set_port_isolated(int port, bool isolated) {
    NetlinkMessage message(RTM_SETLINK, 0);
    // Port attributes go through the bridge's own protocol family, nested in IFLA_PROTINFO.
    message.fixed(header_of(port, AF_BRIDGE));
    const std::size_t info = message.begin(IFLA_PROTINFO | NLA_F_NESTED);
    byte(message, IFLA_BRPORT_ISOLATED, isolated ? 1 : 0);
    message.end(info);
    request(message, [&] { return fmt::format("isolate bridge port {}", name_of(port)); });
}

void Netlink::set_port_state(int port, PortState state) {
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(header_of(port, AF_BRIDGE));
    const std::size_t info = message.begin(IFLA_PROTINFO | NLA_F_NESTED);
    byte(message, IFLA_BRPORT_STATE, static_cast<std::uint8_t>(state));
    message.end(info);
    request(message, [&] { return fmt::format("set the state of bridge port {}", name_of(port)); });
}

void Netlink::add_port_vlan(int port, unsigned id, bool untagged) {
    bridge_vlan_info vlan{};
    vlan.vid = static_cast<std::uint16_t>(id);
    // PVID: what arrives without a tag belongs to this VLAN. UNTAGGED: what leaves loses the tag.
    if (untagged) vlan.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(header_of(port, AF_BRIDGE));
    const std::size_t spec = message.begin(IFLA_AF_SPEC);
    message.attribute(IFLA_BRIDGE_VLAN_INFO, &vlan, sizeof vlan);
    message.end(spec);
    request(message,
            [&] { return fmt::format("put bridge port {} into VLAN {}", name_of(port), id); });
}

void Netlink::remove_port_vlan(int port, unsigned id) {
    bridge_vlan_info vlan{};
    vlan.vid = static_cast<std::uint16_t>(id);
    NetlinkMessage message(RTM_DELLINK, 0);
    message.fixed(header_of(port, AF_BRIDGE));
    const std::size_t spec = message.begin(IFLA_AF_SPEC);
    message.attribute(IFLA_BRIDGE_VLAN_INFO, &vlan, sizeof vlan);
    message.end(spec);
    request(message,
            [&] { return fmt::format("take bridge port {} out of VLAN {}", name_of(port), id); });
}

}  // namespace lxvirt::base
