// Parses <network> and <networkport> to structs and formats them, with the guarantees of
// xml/domain/parse.hh: hardened, and complete, so that whatever lxvirt does not act on is a Notice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/parse.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

// The result of parse_network().
struct ParsedNetwork {
    Network network;
    std::vector<Notice> notices;
};

// Parses a <network>. `options.defaults` draws a missing uuid and hardware address; choosing the
// name of a bridge needs those of others, see choose_bridge(). `options.live` keeps the counts of
// connections. Throws Error that names file, line and element.
[[nodiscard]] ParsedNetwork parse_network(std::string_view text,
                                          const ParseOptions& options = {
                                              .file = "(network_definition)"});

// Formats in libvirt's canonical layout, with a newline after </network>.
[[nodiscard]] std::string format_network(const Network& network, const FormatOptions& options = {});

// The result of parse_network_port().
struct ParsedNetworkPort {
    NetworkPort port;
    std::vector<Notice> notices;
};

// Parses a <networkport>. `options.defaults` draws a missing uuid. Throws as parse_network() does.
[[nodiscard]] ParsedNetworkPort parse_network_port(std::string_view text,
                                                   const ParseOptions& options = {
                                                       .file = "(networkport_definition)"});
// Formats in libvirt's canonical layout, with a newline after </networkport>.
[[nodiscard]] std::string format_network_port(const NetworkPort& port,
                                              const FormatOptions& options = {});

}  // namespace lxvirt::xml
