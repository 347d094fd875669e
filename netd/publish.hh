// The ports of the host that lead to containers of one network. The driver's text of the network's
// table has two places for their rules, since lxnetd, which sees the containers end, has to take
// these out again without the driver. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netd/plan.hh"

namespace lxvirt::netd {

// The places: comments of nft, each on a line of its own. The first is in the chain of the hook
// `forward`, before it rejects anything; the second is between chains.
inline constexpr std::string_view kForwardPlace = "        # published: forward\n";
inline constexpr std::string_view kChainsPlace = "    # published: chains\n";

// Returns the text of the table with the rules of the publications. The packets keep their source
// addresses; only those of the containers' own neighbours get the bridge's, because the answers to
// these would not come by the host.
[[nodiscard]] std::string with_publications(std::string_view ruleset, const std::string& bridge,
                                            const std::vector<Publication>& publications);

// Returns "tcp port 8080 of 192.0.2.1", or "tcp port 8080" for all addresses of the host.
[[nodiscard]] std::string text_of(const Publication& publication);

}  // namespace lxvirt::netd
