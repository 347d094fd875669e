// What is written about a running network, in run/network/NAME/: live.xml, before anything is made
// and again when it runs. A network runs while its live.xml of this boot says so: it outlives its
// supervisor, which is then put back by whoever changes anything of it next.
//
// live.xml is one line of our own and then the live <network>, which names all that was made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

struct LiveNetworkHead {
    bool running = false;      // else it is being started, or that was cut short
    std::string boot;          // base::boot_id() of when it was written
    std::uint64_t netns = 0;   // inode of the network namespace it is in
    std::string uuid, bridge;  // without parsing
    std::string partition;     // the topmost folder above its group that this start makes, if any
    [[nodiscard]] bool current() const;
    // It runs, and in the caller's network namespace.
    [[nodiscard]] bool here() const;
};

struct LiveNetwork : LiveNetworkHead {
    xml::Network network;
};

// The caller's network namespace.
[[nodiscard]] std::uint64_t present_netns();

// Makes the run folder where it is missing. Fills in boot and netns where they are not set.
void write_live_network(const Root& root, LiveNetwork live);
[[nodiscard]] std::string format_live_network(const Root& root, const LiveNetwork& live);
// `file` names the text in errors. Throws base::Error naming it if it cannot be read.
[[nodiscard]] LiveNetwork parse_live_network(std::string_view text, const std::string& file);
// Returns nullopt if there is none.
[[nodiscard]] std::optional<LiveNetwork> read_live_network(const Root& root, std::string_view name);
[[nodiscard]] std::optional<LiveNetworkHead> read_live_network_head(const Root& root,
                                                                    std::string_view name);
// Running ones, sorted by name.
[[nodiscard]] std::vector<std::string> active_networks(const Root& root);
// Removes what is in the run folder, and the folder; the leases stay where `keep_leases`.
void remove_live_network(const Root& root, std::string_view name, bool keep_leases);

}  // namespace lxvirt::driver
