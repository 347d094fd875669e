// <network> and <networkport> from text to structs and back, with the guarantees of parse.hh:
// hardened, and complete (what lxvirt does not act on is a Notice).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/parse.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

struct ParsedNetwork {
    Network network;
    std::vector<Notice> notices;
};

// Throws base::Error naming file, line and element. `options.defaults` fills in uuid and mac; a
// bridge's name needs to know the others': choose_bridge(). `options.live` keeps connections.
[[nodiscard]] ParsedNetwork parse_network(std::string_view text,
                                          const ParseOptions& options = {
                                              .file = "(network_definition)"});

// libvirt's canonical layout; ends with a newline after </network>.
[[nodiscard]] std::string format_network(const Network& network, const FormatOptions& options = {});

struct ParsedNetworkPort {
    NetworkPort port;
    std::vector<Notice> notices;
};

// `options.defaults` fills in the uuid.
[[nodiscard]] ParsedNetworkPort parse_network_port(std::string_view text,
                                                   const ParseOptions& options = {
                                                       .file = "(networkport_definition)"});
[[nodiscard]] std::string format_network_port(const NetworkPort& port,
                                              const FormatOptions& options = {});

}  // namespace lxvirt::xml
