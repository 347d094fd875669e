// Starting, stopping and keeping networks. Callers hold the network's lock.
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

// Subnets of the host's links, the network's own bridge aside.
[[nodiscard]] std::vector<xml::UsedSubnet> used_subnets(const std::string& own_bridge);

// Makes the network and its supervisor. Throws with nothing left behind.
void start_network(const Root& root, xml::Network network);

// Takes a running network away; `keep_leases` for one that will be started again. `lock`: the
// network's operation lock.
void stop_network(const Root& root, const LiveNetwork& live, bool keep_leases, base::Fd lock);

// Changes a running network, which has its supervisor, into `to`, which must use the same bridge: rules,
// dnsmasq, live.xml and, if it is given, the text of the stored `definition`. All of it happens or none,
// also if this process is killed: the undo record is settled by hold_network(). Throws with the network
// as it was.
void change_network(const Root& root, const LiveNetwork& from, const LiveNetwork& to,
                    const std::optional<std::string>& definition = {});

// The running network, with a supervisor: another is put back where it was killed. What a start
// that was cut short has left is taken away. Nothing where the network does not run.
[[nodiscard]] std::optional<LiveNetwork> hold_network(const Root& root, const std::string& name);

// "network 'x' is not active", with the command that starts it.
[[noreturn]] void fail_inactive(std::string_view name);
// "no network with matching name 'x'".
[[noreturn]] void fail_no_network(std::string_view name);

struct NetworkHook {
    std::string operation;  // "start", "started", "stopped", "updated", "port-created" ...
    std::string suboperation = "begin";
    std::string port_xml;  // of the port operations
};
void run_network_hooks(const Root& root, const xml::Network& network, const NetworkHook& hook);

}  // namespace lxvirt::driver
