#include "base/netlink/netlink.hh"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/attributes.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

// The flags of a request that makes something new; the kernel answers EEXIST if there is one
// already.
constexpr std::uint16_t kCreate = NLM_F_CREATE | NLM_F_EXCL;

// Returns the fixed part of a message about a link; an index of 0 means the link that the
// attributes name. ifi_change is the mask of the flags that the message sets.
ifinfomsg link_header(int index, bool up = false) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = index;
    if (up) header.ifi_flags = header.ifi_change = IFF_UP;
    return header;
}

// Begins the message that makes a device in the namespace of a container, on top of one of the host's
// (MacvlanSpec, IpvlanSpec, VlanSpec). The lower device's index is one of the namespace of the socket.
template <typename Spec>
NetlinkMessage device_on(const Spec& spec) {
    NetlinkMessage message(RTM_NEWLINK, kCreate);
    message.fixed(link_header(0));
    message.attribute(IFLA_IFNAME, spec.name);
    message.attribute(IFLA_LINK, static_cast<std::uint32_t>(spec.lower));
    message.attribute(IFLA_NET_NS_FD, static_cast<std::uint32_t>(spec.netns.get()));
    if (spec.mtu != 0) message.attribute(IFLA_MTU, spec.mtu);
    return message;
}

// Returns the text of the extended acknowledgement (NLMSGERR_ATTR_MSG), or an empty one where the
// kernel sent none. With NLM_F_CAPPED the answer repeats only the header of the request.
std::string extended_text(const nlmsghdr* header) {
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
    std::size_t offset = sizeof(nlmsgerr);
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0 && error->error != 0)
        offset += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(nlmsghdr);
    const auto* attribute =
        reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(error) + offset);
    auto left = static_cast<int>(NLMSG_PAYLOAD(header, 0)) - static_cast<int>(offset);
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != NLMSGERR_ATTR_MSG) continue;
        return text_of(attribute);
    }
    return {};
}

}  // namespace

NetlinkMessage::NetlinkMessage(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(&header, sizeof header);
}

// Every part of a message begins at a multiple of four bytes; the padding is zeros.
NetlinkMessage& NetlinkMessage::append(const void* data, std::size_t size) {
    const auto* from = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    return *this;
}

// The length in an attribute's header counts the header and the data, without the padding.
NetlinkMessage& NetlinkMessage::attribute(std::uint16_t type, const void* data, std::size_t size) {
    const rtattr header{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    append(&header, sizeof header);
    return append(data, size);
}

// The length of a nested attribute is known only at end(), which needs the place to write it.
std::size_t NetlinkMessage::begin(std::uint16_t type) {
    const std::size_t place = bytes_.size();
    const rtattr header{0, type};
    append(&header, sizeof header);
    return place;
}

void NetlinkMessage::end(std::size_t place) {
    reinterpret_cast<rtattr*>(bytes_.data() + place)->rta_len =
        static_cast<unsigned short>(bytes_.size() - place);
}

// The length in the header of the message is set last.
std::vector<char>& NetlinkMessage::bytes() {
    reinterpret_cast<nlmsghdr*>(bytes_.data())->nlmsg_len =
        static_cast<std::uint32_t>(bytes_.size());
    return bytes_;
}

Netlink::Netlink(int protocol) : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
    if (!socket_) fail_errno("open a netlink socket");
    const int on = 1;
    // The kernel's extended acknowledgement; a failure only makes errors less wordy.
    (void)::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    (void)::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

// A socket belongs for ever to the network namespace in which it was opened, so one setns() there
// and back suffices.
Netlink Netlink::inside(Fd netns) {
    const UniqueFd home = open_file("/proc/self/ns/net", O_RDONLY);
    if (::setns(netns.get(), CLONE_NEWNET) != 0) fail_errno("enter a network namespace");
    std::optional<Netlink> made;
    int error = 0;
    try {
        made.emplace();
    } catch (const SystemError& failure) {
        error = failure.error();
    }
    if (::setns(home.get(), CLONE_NEWNET) != 0) fail_errno("return from a network namespace");
    if (!made) fail_with(error, "open an rtnetlink socket in a network namespace");
    return std::move(*made);
}

// Sends a request and reads until the answer is complete: NLMSG_ERROR with 0 is the acknowledgement
// of a single request, NLMSG_DONE the end of a dump (netlink(7)). A notification cannot arrive
// here, since the socket joins no group.
void Netlink::request(NetlinkMessage& message, const Words& words, const Answer& answer) {
    std::vector<char>& bytes = message.bytes();
    reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_seq = ++sequence_;
    if (uninterrupted([&] { return ::send(socket_.get(), bytes.data(), bytes.size(), 0); }) < 0)
        fail_with(errno, "{}", words());
    alignas(nlmsghdr) std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail_with(errno, "{}", words());
        auto left = static_cast<unsigned>(got);
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            // A late answer to an earlier request that failed halfway is passed over.
            if (header->nlmsg_seq != sequence_) continue;
            if (header->nlmsg_type == NLMSG_DONE) return;
            if (header->nlmsg_type != NLMSG_ERROR) {
                if (answer) answer(header);
                continue;
            }
            const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
            // An acknowledged request without an answer has changed something.
            if (error == 0 && !answer) test_point("network-changed");
            if (error == 0) return;
            const std::string text = extended_text(header);
            if (text.empty()) fail_with(error, "{}", words());
            fail_with(error, "{} ({})", words(), text);
        }
    }
}

void Netlink::request(NetlinkMessage& message, const std::string& what, const Answer& answer) {
    request(
        message, [&what] { return what; }, answer);
}

// Asks with a new buffer and the next sequence number, so that a failed request() may call it.
std::string Netlink::name_of(int index) {
    NetlinkMessage message(RTM_GETLINK, 0);
    message.fixed(link_header(index));
    std::string name;
    try {
        request(
            message, "find a network device",
            [&](const nlmsghdr* header) {
                each_attribute_of<ifinfomsg>(
                    header,
                    [&](unsigned type, const rtattr* part) {
                        if (type == IFLA_IFNAME) name = text_of(part);
                    });
            });
    } catch (const SystemError&) {
        name.clear();  // the device is gone
    }
    return name.empty() ? fmt::format("number {}", index) : fmt::format("'{}'", name);
}

// Asks for one link by name; false if there is none (ENODEV).
bool Netlink::ask_link(const std::string& name, const Answer& answer) {
    NetlinkMessage message(RTM_GETLINK, 0);
    message.fixed(link_header(0)).attribute(IFLA_IFNAME, name);
    try {
        request(message, fmt::format("find network device '{}'", name), answer);
    } catch (const SystemError& error) {
        if (error.error() != ENODEV) throw;
        return false;
    }
    return true;
}

std::optional<int> Netlink::find_link(const std::string& name) {
    int index = 0;
    const auto take = [&](const nlmsghdr* header) {
        index = static_cast<const ifinfomsg*>(NLMSG_DATA(header))->ifi_index;
    };
    if (!ask_link(name, take)) return std::nullopt;
    return index;
}

std::optional<std::string> Netlink::link_alias(const std::string& name) {
    auto found = link(name);
    if (!found) return std::nullopt;
    return std::move(found->alias);
}

int Netlink::link_index(const std::string& name) {
    if (const auto index = find_link(name)) return *index;
    fail_with(ENODEV, "find network device '{}'", name);
}

// Both ends are made by one message, so that there is no moment at which the container's end is in
// the host's namespace.
void Netlink::make_veth(const VethSpec& spec) {
    NetlinkMessage message(RTM_NEWLINK, kCreate);
    message.fixed(link_header(0, spec.up));
    message.attribute(IFLA_IFNAME, spec.host_name);
    message.attribute(IFLA_NUM_TX_QUEUES, spec.tx_queues)
        .attribute(IFLA_NUM_RX_QUEUES, spec.rx_queues);
    if (spec.host_mac)
        message.attribute(IFLA_ADDRESS, spec.host_mac->data(), spec.host_mac->size());
    if (spec.mtu != 0) message.attribute(IFLA_MTU, spec.mtu);
    if (spec.master != 0) message.attribute(IFLA_MASTER, static_cast<std::uint32_t>(spec.master));
    const std::size_t info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, std::string("veth"));
    const std::size_t data = message.begin(IFLA_INFO_DATA);
    // The peer has a header and attributes of its own, nested in the pair's data.
    const std::size_t peer = message.begin(VETH_INFO_PEER);
    message.fixed(link_header(0));
    message.attribute(IFLA_IFNAME, spec.guest_name);
    message.attribute(IFLA_ADDRESS, spec.guest_mac.data(), spec.guest_mac.size());
    message.attribute(IFLA_NUM_TX_QUEUES, spec.tx_queues)
        .attribute(IFLA_NUM_RX_QUEUES, spec.rx_queues);
    message.attribute(IFLA_NET_NS_FD, static_cast<std::uint32_t>(spec.guest_netns.get()));
    if (spec.mtu != 0) message.attribute(IFLA_MTU, spec.mtu);
    message.end(peer);
    message.end(data);
    message.end(info);
    request(message,
            fmt::format("make the veth pair '{}' and '{}'", spec.host_name, spec.guest_name));
}

void Netlink::make_macvlan(const MacvlanSpec& spec) {
    NetlinkMessage message = device_on(spec);
    message.attribute(IFLA_ADDRESS, spec.mac.data(), spec.mac.size());
    const std::size_t info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, std::string("macvlan"));
    const std::size_t data = message.begin(IFLA_INFO_DATA);
    message.attribute(IFLA_MACVLAN_MODE, spec.mode);
    message.end(data);
    message.end(info);
    request(message, fmt::format("make the macvlan device '{}'", spec.name));
}

// The attributes of an ipvlan have 16 bits, unlike those of a macvlan.
void Netlink::make_ipvlan(const IpvlanSpec& spec) {
    NetlinkMessage message = device_on(spec);
    const std::size_t info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, std::string("ipvlan"));
    const std::size_t data = message.begin(IFLA_INFO_DATA);
    const auto mode = static_cast<std::uint16_t>(spec.mode);
    const auto flags = static_cast<std::uint16_t>(spec.flags);
    message.attribute(IFLA_IPVLAN_MODE, &mode, sizeof mode);
    message.attribute(IFLA_IPVLAN_FLAGS, &flags, sizeof flags);
    message.end(data);
    message.end(info);
    request(message, fmt::format("make the ipvlan device '{}'", spec.name));
}

void Netlink::make_vlan(const VlanSpec& spec) {
    NetlinkMessage message = device_on(spec);
    message.attribute(IFLA_ADDRESS, spec.mac.data(), spec.mac.size());
    const std::size_t info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, std::string("vlan"));
    const std::size_t data = message.begin(IFLA_INFO_DATA);
    const auto id = static_cast<std::uint16_t>(spec.id);
    message.attribute(IFLA_VLAN_ID, &id, sizeof id);
    message.end(data);
    message.end(info);
    request(message, fmt::format("make the VLAN device '{}'", spec.name));
}

void Netlink::set_alias(int index, const std::string& alias) {
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(link_header(index)).attribute(IFLA_IFALIAS, alias.data(), alias.size());
    request(message, [&] {
        return fmt::format("set the alias of network device {} to '{}'", name_of(index), alias);
    });
}

// The mask is set in either case, so that IFF_UP alone changes.
void Netlink::set_up(int index, bool up) {
    ifinfomsg header = link_header(index, true);
    if (!up) header.ifi_flags = 0;
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(header);
    request(message, [&] {
        return fmt::format("bring network device {} {}", name_of(index), up ? "up" : "down");
    });
}

void Netlink::set_mac(int index, const MacAddress& mac) {
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(link_header(index)).attribute(IFLA_ADDRESS, mac.data(), mac.size());
    request(message, fmt::format("set the hardware address of network device {}", index));
}

void Netlink::set_mtu(int index, unsigned mtu) {
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(link_header(index)).attribute(IFLA_MTU, mtu);
    request(message, [&] {
        return fmt::format("set the mtu of network device {} to {}", name_of(index), mtu);
    });
}

// The name changes in the same message, so that no name of the container's namespace can be in the
// way.
void Netlink::move_link(int index, Fd netns, const std::string& name) {
    NetlinkMessage message(RTM_SETLINK, 0);
    message.fixed(link_header(index));
    message.attribute(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns.get()));
    if (!name.empty()) message.attribute(IFLA_IFNAME, name);
    request(message, [&] {
        return fmt::format("move network device {} into the container", name_of(index));
    });
}

void Netlink::delete_link(int index) {
    NetlinkMessage message(RTM_DELLINK, 0);
    message.fixed(link_header(index));
    request(message, [&] { return fmt::format("delete network device {}", name_of(index)); });
}

void Netlink::add_address(int index, const NetAddress& address,
                          const std::optional<NetAddress>& peer) {
    ifaddrmsg header{};
    header.ifa_family = static_cast<unsigned char>(address.family);
    header.ifa_prefixlen = static_cast<unsigned char>(peer ? peer->prefix : address.prefix);
    header.ifa_index = static_cast<unsigned>(index);
    // Duplicate address detection would hold the address back for a second; the address is chosen
    // by the administrator of the host.
    if (address.family == AF_INET6) header.ifa_flags = IFA_F_NODAD;
    NetlinkMessage message(RTM_NEWADDR, kCreate);
    message.fixed(header);
    message.attribute(IFA_LOCAL, address.bytes.data(), address.size());
    const NetAddress& other = peer ? *peer : address;
    message.attribute(IFA_ADDRESS, other.bytes.data(), other.size());
    // The broadcast address, which iproute2 computes in the same way; a /31 and a /32 have none.
    if (address.family == AF_INET && !peer && address.prefix < 31) {
        auto broadcast = address.bytes;
        for (unsigned bit = address.prefix; bit < 32; ++bit)
            broadcast[bit / 8] =
                static_cast<unsigned char>(broadcast[bit / 8] | (0x80U >> (bit % 8)));
        message.attribute(IFA_BROADCAST, broadcast.data(), 4);
    }
    request(message, [&] {
        return fmt::format("add the address '{}/{}' to network device {}", format_address(address),
                           address.prefix, name_of(index));
    });
}

// RTPROT_BOOT is what ip-route(8) sets for a route that a person adds. A route without a gateway
// goes to a neighbour, hence the narrower scope.
void Netlink::add_route(int index, const NetAddress& destination,
                        const std::optional<NetAddress>& gateway, unsigned metric) {
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(destination.family);
    header.rtm_dst_len = static_cast<unsigned char>(destination.prefix);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    header.rtm_type = RTN_UNICAST;
    NetlinkMessage message(RTM_NEWROUTE, kCreate);
    message.fixed(header);
    if (destination.prefix != 0)
        message.attribute(RTA_DST, destination.bytes.data(), destination.size());
    if (gateway) message.attribute(RTA_GATEWAY, gateway->bytes.data(), gateway->size());
    message.attribute(RTA_OIF, static_cast<std::uint32_t>(index));
    if (metric != 0) message.attribute(RTA_PRIORITY, metric);
    request(message, [&] {
        return fmt::format(
            "add the route to '{}/{}'{} over network device {}", format_address(destination),
            destination.prefix,
            gateway ? fmt::format(" by the gateway '{}'", format_address(*gateway)) : "",
            name_of(index));
    });
}

// The kernel answers ARP or neighbour solicitations for the address on that device
// (ip-neighbour(8), "proxy").
void Netlink::add_proxy(int index, const NetAddress& address) {
    ndmsg header{};
    header.ndm_family = static_cast<unsigned char>(address.family);
    header.ndm_ifindex = index;
    header.ndm_flags = NTF_PROXY;
    header.ndm_state = NUD_PERMANENT;
    NetlinkMessage message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
    message.fixed(header);
    message.attribute(NDA_DST, address.bytes.data(), address.size());
    request(message, [&] {
        return fmt::format("answer for '{}' on network device {}", format_address(address),
                           name_of(index));
    });
}

}  // namespace lxvirt::base
