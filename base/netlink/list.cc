// Lists of links, addresses, routes and neighbours, the text forms of addresses, and sockets that
// listen for changes.
#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>

#include <cstring>

#include "base/error.hh"
#include "base/netlink/attributes.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

namespace {

// Reads IFLA_LINKINFO: the kind of the device, and its state as a bridge port.
void take_info(const rtattr* info, LinkFacts& facts) {
    each_attribute(
        static_cast<const rtattr*>(RTA_DATA(info)), static_cast<int>(RTA_PAYLOAD(info)),
        [&](unsigned type, const rtattr* part) {
            if (type == IFLA_INFO_KIND) facts.kind = text_of(part);
            if (type != IFLA_INFO_SLAVE_DATA) return;
            each_attribute(
                static_cast<const rtattr*>(RTA_DATA(part)), static_cast<int>(RTA_PAYLOAD(part)),
                [&](unsigned inner, const rtattr* value) {
                    if (inner == IFLA_BRPORT_STATE) facts.port_state = value_of<PortState>(value);
                });
        });
}

// struct rtnl_link_stats64 grows with new kernels; value_of() copies what both sides know.
LinkCounters counters_of(const rtattr* attribute) {
    const auto stats = value_of<rtnl_link_stats64>(attribute);
    return {.rx_bytes = stats.rx_bytes,
            .rx_packets = stats.rx_packets,
            .rx_errors = stats.rx_errors,
            .rx_dropped = stats.rx_dropped,
            .tx_bytes = stats.tx_bytes,
            .tx_packets = stats.tx_packets,
            .tx_errors = stats.tx_errors,
            .tx_dropped = stats.tx_dropped};
}

// Copies an address of 4 or 16 bytes, without trusting the length in the message.
NetAddress address_of(const rtattr* attribute, int family, unsigned prefix) {
    NetAddress address;
    address.family = family;
    address.prefix = prefix;
    std::memcpy(address.bytes.data(), RTA_DATA(attribute),
                std::min(address.size(), static_cast<std::size_t>(RTA_PAYLOAD(attribute))));
    return address;
}

bool is_inet(int family) {
    return family == AF_INET || family == AF_INET6;
}

}  // namespace

// A byte has one or two hexadecimal digits, so "52:54:0:12:34:56" is fine, too.
std::optional<MacAddress> parse_mac(std::string_view text) {
    MacAddress mac{};
    const auto parts = split(text, ':');
    if (parts.size() != mac.size()) return std::nullopt;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const auto byte = parse_number<unsigned char>(parts[i], 16);
        if (!byte || parts[i].size() > 2) return std::nullopt;
        mac[i] = *byte;
    }
    return mac;
}

std::string format_mac(const MacAddress& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
}

// The prefix is that of a single address, 32 or 128.
std::optional<NetAddress> parse_address(const std::string& text) {
    NetAddress address;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
    address.family = AF_INET6;
    address.prefix = 128;
    if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

std::string format_address(const NetAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    (void)::inet_ntop(address.family, address.bytes.data(), text.data(), text.size());
    return text.data();
}

LinkFacts link_facts(const nlmsghdr* header) {
    const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
    LinkFacts facts;
    facts.index = link->ifi_index;
    facts.up = (link->ifi_flags & IFF_UP) != 0;
    facts.carrier = (link->ifi_flags & IFF_LOWER_UP) != 0;
    each_attribute_of<ifinfomsg>(header, [&](unsigned type, const rtattr* part) {
        switch (type) {
            case IFLA_IFNAME: facts.name = text_of(part); break;
            case IFLA_IFALIAS: facts.alias = text_of(part); break;
            case IFLA_MASTER: facts.master = value_of<int>(part); break;
            case IFLA_MTU: facts.mtu = value_of<unsigned>(part); break;
            case IFLA_ADDRESS:
                if (RTA_PAYLOAD(part) == sizeof facts.mac) facts.mac = value_of<MacAddress>(part);
                break;
            case IFLA_LINKINFO: take_info(part, facts); break;
            case IFLA_STATS64: facts.counters = counters_of(part); break;
            default: break;
        }
    });
    return facts;
}

// The kernel sends one message per link, and the answer may be split over several reads.
std::vector<LinkFacts> Netlink::links() {
    std::vector<LinkFacts> all;
    NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP);
    message.fixed(ifinfomsg{});
    request(message, "list the network devices",
            [&](const nlmsghdr* header) { all.push_back(link_facts(header)); });
    return all;
}

std::optional<LinkFacts> Netlink::link(const std::string& name) {
    std::optional<LinkFacts> found;
    (void)ask_link(name, [&](const nlmsghdr* header) { found = link_facts(header); });
    return found;
}

std::vector<AddressFacts> Netlink::addresses() {
    std::vector<AddressFacts> all;
    NetlinkMessage message(RTM_GETADDR, NLM_F_DUMP);
    message.fixed(ifaddrmsg{});
    request(message, "list the addresses", [&](const nlmsghdr* header) {
        const auto* entry = static_cast<const ifaddrmsg*>(NLMSG_DATA(header));
        if (!is_inet(entry->ifa_family)) return;
        AddressFacts facts{.index = static_cast<int>(entry->ifa_index),
                           .address = {},
                           .link_local = entry->ifa_scope == RT_SCOPE_LINK};
        bool local = false;
        each_attribute_of<ifaddrmsg>(header, [&](unsigned type, const rtattr* part) {
            // With a peer, IFA_LOCAL is our address and IFA_ADDRESS the peer's; without one there
            // may be IFA_ADDRESS only.
            if (type != IFA_LOCAL && (type != IFA_ADDRESS || local)) return;
            local = type == IFA_LOCAL;
            facts.address = address_of(part, entry->ifa_family, entry->ifa_prefixlen);
        });
        all.push_back(facts);
    });
    return all;
}

std::vector<RouteFacts> Netlink::routes() {
    std::vector<RouteFacts> all;
    NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP);
    message.fixed(rtmsg{});
    request(message, "list the routes", [&](const nlmsghdr* header) {
        const auto* entry = static_cast<const rtmsg*>(NLMSG_DATA(header));
        // Other tables, such as "local", hold routes that the kernel makes itself.
        if (!is_inet(entry->rtm_family) || entry->rtm_table != RT_TABLE_MAIN) return;
        RouteFacts facts;
        facts.destination.family = entry->rtm_family;
        facts.destination.prefix = entry->rtm_dst_len;
        facts.advertised = entry->rtm_protocol == RTPROT_RA;
        each_attribute_of<rtmsg>(header, [&](unsigned type, const rtattr* part) {
            if (type == RTA_DST)
                facts.destination = address_of(part, entry->rtm_family, entry->rtm_dst_len);
            if (type == RTA_OIF) facts.index = value_of<int>(part);
            if (type == RTA_GATEWAY) facts.has_gateway = true;
        });
        all.push_back(facts);
    });
    return all;
}

std::vector<NeighbourFacts> Netlink::neighbours() {
    std::vector<NeighbourFacts> all;
    NetlinkMessage message(RTM_GETNEIGH, NLM_F_DUMP);
    message.fixed(ndmsg{});
    request(message, "list the neighbours", [&](const nlmsghdr* header) {
        const auto* entry = static_cast<const ndmsg*>(NLMSG_DATA(header));
        // Entries in these states have no hardware address that is known to be right.
        constexpr unsigned unusable = NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP;
        if (!is_inet(entry->ndm_family) || (entry->ndm_state & unusable) != 0) return;
        NeighbourFacts facts;
        facts.index = entry->ndm_ifindex;
        bool has_mac = false;
        each_attribute_of<ndmsg>(header, [&](unsigned type, const rtattr* part) {
            if (type == NDA_DST)
                facts.address =
                    address_of(part, entry->ndm_family, entry->ndm_family == AF_INET ? 32 : 128);
            if (type != NDA_LLADDR || RTA_PAYLOAD(part) != sizeof facts.mac) return;
            facts.mac = value_of<MacAddress>(part);
            has_mac = true;
        });
        if (has_mac) all.push_back(facts);
    });
    return all;
}

// SOCK_NONBLOCK lets read_netlink() stop at the last notification.
UniqueFd listen_netlink(int protocol, int group) {
    UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
    if (!socket) fail_errno("open a netlink socket of protocol {}", protocol);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
        fail_errno("listen to netlink group {} of protocol {}", group, protocol);
    return socket;
}

bool read_netlink(Fd listener, const Netlink::Answer& answer) {
    alignas(nlmsghdr) std::array<char, 32768> buffer;
    for (;;) {
        const ssize_t got = ::recv(listener.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        // ENOBUFS: the kernel dropped notifications.
        if (got < 0 && errno == ENOBUFS) return false;
        if (got < 0 && errno == EAGAIN) return true;
        if (got < 0) fail_errno("read from a netlink socket");
        auto left = static_cast<unsigned>(got);
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left))
            answer(header);
    }
}

}  // namespace lxvirt::base
