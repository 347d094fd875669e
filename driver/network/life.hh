// Starts, stops, changes and holds networks. The callers hold the network's operation lock. life.cc
// explains how a network that lost its lxnetd is adopted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/network/live.hh"
#include "driver/store/root.hh"
#include "xml/network/check.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Returns the subnets of the host's addresses and routes, apart from those of `own_bridge` and the
// loopback.
[[nodiscard]] std::vector<xml::UsedSubnet> used_subnets(const std::string& own_bridge);

// Makes the network and its supervisor, runs its hooks, and puts running containers back into its
// bridge. Throws, with nothing left behind, what lxnetd reports, errors of hooks, and
// internal_error if the host already uses one of the subnets.
void start_network(const Root& root, xml::Network network);

// Takes a running network away. `keep_leases` keeps the lease file, for a network that is still
// defined. `lock` is the network's operation lock, which lxnetd shares until it is gone.
void stop_network(const Root& root, const LiveNetwork& live, bool keep_leases, base::Fd lock);

// Changes a running network, which has its supervisor, into `to`, which must use the same bridge:
// rules, dnsmasq, live.xml and, if it is given, the text of the stored `definition`. All of it
// happens or none, also if this process is killed: hold_network() settles the undo record. Throws
// with the network as it was.
void change_network(const Root& root, const LiveNetwork& from, const LiveNetwork& to,
                    const std::optional<std::string>& definition = {});

// Returns the running network, with a supervisor: another is started if the last one was killed.
// Takes away what a start that was cut short has left, and settles an unfinished change. Returns
// nullopt if the network does not run. Throws if that supervisor cannot be started.
[[nodiscard]] std::optional<LiveNetwork> hold_network(const Root& root, const std::string& name);

// Throws operation_invalid: "network 'x' is not active", with the command that starts it.
[[noreturn]] void fail_inactive(std::string_view name);
// Throws no_network: "no network with matching name 'x'".
[[noreturn]] void fail_no_network(std::string_view name);

// One call of the hook scripts for networks, with libvirt's words (hooks.html).
struct NetworkHook {
    std::string operation;  // "start", "started", "stopped", "updated", "port-created" ...
    std::string suboperation = "begin";
    std::string port_xml;  // the <networkport> of the port operations
};
// Runs the hook scripts with the network's XML on standard input, if there are any. Throws
// hook_script_failed.
void run_network_hooks(const Root& root, const xml::Network& network, const NetworkHook& hook);

}  // namespace lxvirt::driver
