#include "netd/publish.hh"

#include <fmt/format.h>

namespace lxvirt::netd {

namespace {

bool is_v6(const Publication& publication) {
    return publication.address.find(':') != std::string::npos;
}

std::string_view family(const Publication& publication) {
    return is_v6(publication) ? "ip6" : "ip";
}

// Matches what is sent to the host's port. A loopback address is none that leads to a container: the
// kernel drops what comes from one elsewhere.
std::string to_host(const Publication& publication) {
    const std::string address =
        publication.host_address.empty()
            ? fmt::format("meta nfproto ipv{} fib daddr type local", is_v6(publication) ? 6 : 4)
            : fmt::format("{} daddr {}", family(publication), publication.host_address);
    return fmt::format("{} {} daddr != {} {} dport {}", address, family(publication),
                       is_v6(publication) ? "::1" : "127.0.0.0/8", publication.proto,
                       publication.host_port);
}

std::string translation(const Publication& publication) {
    return is_v6(publication)
               ? fmt::format("dnat ip6 to [{}]:{}", publication.address, publication.port)
               : fmt::format("dnat ip to {}:{}", publication.address, publication.port);
}

void replace(std::string& text, std::string_view place, const std::string& rules) {
    const auto at = text.find(place);
    if (at != std::string::npos) text.replace(at, place.size(), rules);
}

}  // namespace

std::string with_publications(std::string_view ruleset, const std::string& bridge,
                              const std::vector<Publication>& publications) {
    std::string text(ruleset), forward, translated;
    for (const Publication& one : publications) {
        // Packets to the container and its answers, and nothing else that anybody translates.
        for (const auto& [device, end, port] :
             {std::tuple("oifname", "daddr", "dport"), std::tuple("iifname", "saddr", "sport")})
            forward +=
                fmt::format("        {} \"{}\" {} {} {} {} {} {} ct status dnat accept\n", device,
                            bridge, family(one), end, one.address, one.proto, port, one.port);
        translated += fmt::format("        {} {}\n", to_host(one), translation(one));
    }
    std::string chains;
    if (!publications.empty())
        chains = fmt::format(
            "    chain published {{\n        type nat hook prerouting priority dstnat; policy "
            "accept;\n{0}    }}\n"
            "    chain published_locally {{\n        type nat hook output priority -100; policy "
            "accept;\n{0}    }}\n"
            "    chain published_nearby {{\n        type nat hook postrouting priority srcnat - 1; "
            "policy accept;\n        iifname \"{1}\" oifname \"{1}\" ct status dnat masquerade\n"
            "    }}\n",
            translated, bridge);
    replace(text, kForwardPlace, forward);
    replace(text, kChainsPlace, chains);
    return text;
}

std::string text_of(const Publication& publication) {
    return fmt::format("{} port {}{}{}", publication.proto, publication.host_port,
                       publication.host_address.empty() ? "" : " of ", publication.host_address);
}

}  // namespace lxvirt::netd
