// What is written about a running network, in run/lxvirt/network/NAME/: live.xml is written before
// anything is made, and again when the network runs. A network runs as long as its live.xml of this
// boot says so: bridge, rules and dnsmasq outlive their supervisor, which is then replaced by
// whoever changes anything of the network next.
//
// live.xml is one line of our own, <networkstatus>, and then the live <network>, which names all
// that was made.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Holds what the line <networkstatus> says, and the uuid.
struct LiveNetworkHead {
    bool running = false;      // false while it starts, also if the start was cut short
    std::string boot;          // base::boot_id() when it was written
    std::uint64_t netns = 0;   // inode of the network namespace in which it was made
    std::string uuid, bridge;  // found without parsing the <network>
    // The topmost folder above its group that this start makes; empty if none.
    std::string partition;
    // Returns whether it was written in this boot of the host.
    [[nodiscard]] bool current() const;
    // Returns whether it runs, and in the caller's network namespace, where alone it can be used.
    [[nodiscard]] bool here() const;
};

struct LiveNetwork : LiveNetworkHead {
    xml::Network network;
};

// Returns the inode number of the caller's network namespace. Throws SystemError.
[[nodiscard]] std::uint64_t present_netns();

// Makes the run folder if it is missing, and replaces live.xml atomically. Fills in boot and netns
// if they are not set. Throws SystemError.
void write_live_network(const Root& root, LiveNetwork live);
// Returns the text of live.xml.
[[nodiscard]] std::string format_live_network(const Root& root, const LiveNetwork& live);
// Parses a text of live.xml. `file` names the text in errors. Throws internal_error if it is broken
// or of a newer version.
[[nodiscard]] LiveNetwork parse_live_network(std::string_view text, const std::string& file);
// Return nullopt if there is no live.xml. The second does not parse the <network>.
[[nodiscard]] std::optional<LiveNetwork> read_live_network(const Root& root, std::string_view name);
[[nodiscard]] std::optional<LiveNetworkHead> read_live_network_head(const Root& root,
                                                                    std::string_view name);
// Returns the names of the networks that run, sorted; among them those whose live.xml cannot be read,
// for instance because a newer lxvirt has written it.
[[nodiscard]] std::vector<std::string> active_networks(const Root& root);
// Tells which running networks lack their rules, and lists the kernel's routing rules at most once for
// all that are asked for. Repairs nothing.
class RulesLook {
  public:
    explicit RulesLook(const Root& root) : root_(root) {}  // borrows
    // Says whether a running network that has rules lacks them: its lxnetd is gone, to which they
    // belong, or has noted that it cannot make them, or a routing rule is missing. Throws SystemError.
    [[nodiscard]] bool is_without_rules(std::string_view name, const LiveNetworkHead& head);

  private:
    const Root& root_;
    std::optional<std::set<std::string>> fenced_;  // the bridges that have such a rule
};
// Removes the run folder with all that is in it; `keep_leases` keeps the lease file, and the folder
// with it.
void remove_live_network(const Root& root, std::string_view name, bool keep_leases);

}  // namespace lxvirt::driver
