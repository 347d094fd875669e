#include "netd/ruleset.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lxvirt::netd {

namespace {

using xml::ForwardMode;

// Holds the words that rules are made of, such as iifname "virbr0".
struct Words {
    std::string in_bridge, out_bridge;  // packets from the bridge, and to it
    // Match packets from and to <forward dev='...'>; each has a blank after it or is empty.
    std::string in_device, out_device;
};

Words words_of(const xml::Network& network) {
    Words words;
    words.in_bridge = fmt::format("iifname \"{}\"", network.bridge.name);
    words.out_bridge = fmt::format("oifname \"{}\"", network.bridge.name);
    if (network.forward.interfaces.empty()) return words;
    const std::string& device = network.forward.interfaces.front().dev;
    words.in_device = fmt::format("iifname \"{}\" ", device);
    words.out_device = fmt::format("oifname \"{}\" ", device);
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

// Returns the chain that decides what may pass between the bridge and the rest. An accept here is
// no promise: the packet also passes the chains of others, and one that drops it wins (nft(8),
// "priority").
std::string forward_chain(const xml::Network& network, const Words& words) {
    std::string rules = fmt::format("{} {} accept\n", words.in_bridge, words.out_bridge);
    const auto add = [&rules](const std::string& rule) { rules += "        " + rule + "\n"; };
    const bool any = forwards(network);
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
        const std::string from =
            fmt::format("        {}{} saddr {}", words.out_device, family(ip), xml::ip_subnet(ip));
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
    std::string name = "lxvirt_";
    for (const char c : network.bridge.name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && (std::isalnum(byte) || c == '-' || c == '.'))
            name += c;
        else
            name += fmt::format("_{:02x}", byte);
    }
    return name;
}

std::string ruleset(const xml::Network& network) {
    if (!network.makes_bridge() || network.forward.mode == ForwardMode::open) return {};
    const Words words = words_of(network);
    const std::string table = "table inet " + table_name(network);
    // Adding the table first makes its deletion no error; the transaction lets no packet see a
    // moment without rules.
    return fmt::format("add {0}\ndelete {0}\n{0} {{\n{1}{2}{3}}}\n", table,
                       forward_chain(network, words), nat_chain(network, words),
                       checksum_chain(network, words));
}

std::string ruleset_removal(const xml::Network& network) {
    const std::string table = "table inet " + table_name(network);
    return fmt::format("add {0}\ndelete {0}\n", table);
}

}  // namespace lxvirt::netd
