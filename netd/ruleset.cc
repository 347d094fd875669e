#include "netd/ruleset.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.hh"
#include "netd/plan.hh"
#include "netd/publish.hh"
#include "netd/routing.hh"

namespace lxvirt::netd {

namespace {

using xml::ForwardMode;

// Holds the words that rules are made of, such as iifname "virbr0".
struct Words {
    std::string bridge;                 // the bridge's name in quotes
    std::string in_bridge, out_bridge;  // packets from the bridge, and to it
    // Match packets from and to <forward dev='...'>; each has a blank after it or is empty.
    std::string in_device, out_device;
};

Words words_of(const xml::Network& network) {
    Words words;
    words.bridge = nft_quoted(network.bridge.name);
    words.in_bridge = "iifname " + words.bridge;
    words.out_bridge = "oifname " + words.bridge;
    if (network.forward.interfaces.empty()) return words;
    const std::string device = nft_quoted(network.forward.interfaces.front().dev);
    words.in_device = fmt::format("iifname {} ", device);
    words.out_device = fmt::format("oifname {} ", device);
    return words;
}

std::string_view family(const xml::NetworkIp& ip) {
    return ip.v6() ? "ip6" : "ip";
}

// libvirt translates IPv6 addresses only with <nat ipv6='yes'/>.
bool masquerades(const xml::Network& network, const xml::NetworkIp& ip) {
    return network.forward.mode == ForwardMode::nat && (!ip.v6() || network.forward.nat.ipv6);
}

bool forwards(const xml::Network& network) {
    return network.forward.mode == ForwardMode::nat || network.forward.mode == ForwardMode::route;
}

// Returns the subnets of one family as nft writes a set, such as "{ 10.0.0.0/24, 10.1.0.0/24 }"; empty
// where there are none.
std::string set_of(const std::vector<Subnet>& all, bool v6) {
    std::string text;
    int count = 0;
    for (const Subnet& subnet : all) {
        if (subnet.v6 != v6) continue;
        text += fmt::format("{}{}/{}", count++ == 0 ? "" : ", ", subnet.address, subnet.prefix);
    }
    return count > 1 ? "{ " + text + " }" : text;
}

bool has_default_route(const std::vector<Subnet>& all, bool v6) {
    return std::any_of(
        all.begin(), all.end(),
        [v6](const Subnet& subnet) { return subnet.v6 == v6 && subnet.prefix == 0; });
}

// Returns the chain that drops packets of the containers to the host which do not come from the
// network's own subnets: the host's answer would carry a container's bytes to whatever address it has
// forged. A client without an address asks for one by DHCP; link-local addresses are never forwarded.
// The hook is input and not prerouting, since br_netfilter (of Docker, for one) sends frames between
// two ports through prerouting, too, and containers may use any address among themselves. What is to
// be forwarded with a forged source gets no mark, so that the routing rules drop it.
std::string source_chain(const xml::Network& network, const Words& words) {
    const std::vector<Subnet> all = subnets(network);
    std::string rules;
    const auto add = [&](const std::string& rule) {
        rules += fmt::format("        {} {}\n", words.in_bridge, rule);
    };
    for (const bool v6 : {false, true}) {
        const std::string_view family = v6 ? "ip6" : "ip";
        // With a default route over the bridge every source is possible.
        if (has_default_route(all, v6))
            add(fmt::format("meta nfproto {} accept", v6 ? "ipv6" : "ipv4"));
        else if (const std::string set = set_of(all, v6); !set.empty())
            add(fmt::format("{} saddr {} accept", family, set));
    }
    add("ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept");
    add("ip6 saddr fe80::/10 accept");
    add("ip6 saddr :: icmpv6 type { nd-neighbor-solicit, nd-router-solicit, "
        "mld-listener-report, mld2-listener-report } accept");
    add("drop");
    return "    chain sources {\n        type filter hook input priority raw; policy accept;\n" +
           rules + "    }\n";
}

// Returns the chain that marks what may pass the routing rules (netd/routing.hh), after all address
// translation of the way in; empty for an isolated network, whose rules know no mark. Isolated ports
// are isolated from each other at layer 3, too: nothing goes back to the bridge over the host.
std::string mark_chain(const xml::Network& network, const Words& words) {
    if (!forwards(network)) return {};
    std::string rules;
    const auto add = [&](const std::string& match, std::uint32_t field, std::uint32_t value) {
        rules += fmt::format("        {} meta mark set meta mark & 0x{:08x} | 0x{:08x}\n", match,
                             ~field, value);
    };
    const Marks marks = marks_of(network.bridge.name);
    const std::vector<Subnet> all = subnets(network);
    for (const bool v6 : {false, true}) {
        const std::string_view family = v6 ? "ip6" : "ip";
        const std::string set = set_of(all, v6);
        if (set.empty()) continue;
        const std::string own = fmt::format("{} {} saddr {}", words.in_bridge, family, set);
        add(own, kLeaves, marks.leaves);
        add(fmt::format("iifname != {} {} daddr {}", words.bridge, family, set), kEnters,
            marks.enters);
        if (!network.isolated.value_or(false))
            add(fmt::format("{} {} daddr {} meta mark & 0x{:08x} == 0", own, family, set,
                            kIsolatedPort),
                kEnters, marks.enters);
    }
    return "    chain marks {\n        type filter hook prerouting priority dstnat + 10; policy "
           "accept;\n" +
           rules + "    }\n";
}

// Returns the chain that decides what may pass between the bridge and the rest. An accept here is
// no promise: the packet also passes the chains of others, and one that drops it wins (nft(8),
// "priority"). Frames between two ports pass this chain only where br_netfilter sends them.
std::string forward_chain(const xml::Network& network, const Words& words) {
    std::string rules = fmt::format("{} {} accept\n", words.in_bridge, words.out_bridge);
    const auto add = [&rules](const std::string& rule) { rules += "        " + rule + "\n"; };
    const bool any = forwards(network);
    if (any) rules += kForwardPlace;
    for (const xml::NetworkIp& ip : network.ips)
        if (any)
            add(fmt::format("{} {}{} daddr {} {}accept", words.out_bridge, words.in_device,
                            family(ip), xml::ip_subnet(ip),
                            masquerades(network, ip) ? "ct state established,related " : ""));
    add(words.out_bridge + " reject");
    for (const xml::NetworkIp& ip : network.ips)
        if (any)
            add(fmt::format("{} {}{} saddr {} accept", words.in_bridge, words.out_device,
                            family(ip), xml::ip_subnet(ip)));
    add(words.in_bridge + " reject");
    return "    chain forward {\n        type filter hook forward priority filter; policy accept;\n"
           "        " +
           rules + "    }\n";
}

// Returns the source's new address, with ports (for TCP and UDP) or without. Like libvirt it uses
// ports from 1024 on by default.
std::string translation(const xml::Nat& nat, bool v6, bool with_ports) {
    const xml::PortRange range = nat.port.value_or(xml::PortRange{1024, 65535});
    const std::string ports = !with_ports ? ""
                              : range.start == range.end
                                  ? fmt::format(":{}", range.start)
                                  : fmt::format(":{}-{}", range.start, range.end);
    if (!nat.address || v6) return ports.empty() ? "masquerade" : "masquerade to " + ports;
    const std::string addresses = nat.address->start == nat.address->end
                                      ? nat.address->start
                                      : nat.address->start + "-" + nat.address->end;
    return fmt::format("snat ip to {}{}", addresses, ports);
}

// Returns the chain that translates source addresses; empty where nothing is translated.
std::string nat_chain(const xml::Network& network, const Words& words) {
    std::string rules;
    for (const xml::NetworkIp& ip : network.ips) {
        if (!masquerades(network, ip)) continue;
        const std::string from = fmt::format("        {} {}{} saddr {}", words.in_bridge,
                                             words.out_device, family(ip), xml::ip_subnet(ip));
        const std::string out =
            fmt::format("{} {} daddr != {}", from, family(ip), xml::ip_subnet(ip));
        // Multicast and broadcast stay on the link that they were sent to.
        rules += fmt::format("{} {} daddr {} return\n", from, family(ip),
                             ip.v6() ? "ff02::/16" : "{ 224.0.0.0/24, 255.255.255.255 }");
        rules += fmt::format("{} meta l4proto {{ tcp, udp }} {}\n", out,
                             translation(network.forward.nat, ip.v6(), true));
        rules += fmt::format("{} {}\n", out, translation(network.forward.nat, ip.v6(), false));
    }
    if (rules.empty()) return {};
    return "    chain postrouting {\n        type nat hook postrouting priority srcnat; policy "
           "accept;\n" +
           rules + "    }\n";
}

// Returns the chain that clears the UDP checksum of DHCP answers. A packet that never leaves the
// host keeps the half-made checksum that a network card would have completed, and clients that look
// at the bytes (older dhclient) refuse it. nftables cannot complete it, but 0 means "no checksum"
// (RFC 768).
std::string checksum_chain(const xml::Network& network, const Words& words) {
    const bool dhcp =
        std::any_of(network.ips.begin(), network.ips.end(),
                    [](const xml::NetworkIp& ip) { return !ip.v6() && !ip.dhcp.empty(); });
    if (!dhcp) return {};
    return fmt::format(
        "    chain checksum {{\n        type filter hook postrouting priority mangle; policy "
        "accept;\n        {} meta nfproto ipv4 udp dport 68 udp checksum set 0\n    }}\n",
        words.out_bridge);
}

}  // namespace

std::string table_name(const xml::Network& network) {
    std::string name(kTablePrefix);
    for (const char c : network.bridge.name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && (std::isalnum(byte) || c == '-' || c == '.'))
            name += c;
        else
            name += fmt::format("_{:02x}", byte);
    }
    return name;
}

std::string nft_quoted(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\' || c == '*' || c == 0x7f)
            base::fail(base::ErrorCode::internal_error,
                       "a text for nft has a character that nft cannot quote: '{}'", text);
    return fmt::format("\"{}\"", text);
}

std::string ruleset(const xml::Network& network) {
    if (!is_fenced(network)) return {};
    const Words words = words_of(network);
    const std::string table = "table inet " + table_name(network);
    // Adding the table first makes its deletion no error; the transaction lets no packet see a
    // moment without rules.
    return fmt::format(
        "add {0} {{\n    flags owner\n}}\ndelete {0}\n{0} {{\n    flags "
        "owner\n{1}{2}{3}{4}{5}{6}}}\n",
        table, source_chain(network, words), mark_chain(network, words),
        forward_chain(network, words), nat_chain(network, words), checksum_chain(network, words),
        forwards(network) ? kChainsPlace : "");
}

}  // namespace lxvirt::netd
