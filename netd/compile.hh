// Compiles a network to the plan of lxnetd. A pure function: what the driver knows of the host is
// passed in as values, so that unit tests compare every byte.
#pragma once

#include <string>
#include <vector>

#include "netd/plan.hh"
#include "xml/network/network.hh"

namespace lxvirt::netd {

// The driver's knowledge of the host and of its own root.
struct CompileFacts {
    std::vector<base::Hierarchy> hierarchies;
    std::string root_id;          // tells the roots of a host apart, in names they share
    std::string dnsmasq_program;  // empty: dnsmasq is not installed
    std::string zone_program;     // lxc_zone; empty: it was not built
    bool accepts_in_foreign_firewall = false;  // lxvirt.conf: firewall_foreign
    std::string run_folder, alive_lock, journal, journal_lock, log_file;
};

// Returns the path of the network's control group, which lxnetd and dnsmasq are in.
[[nodiscard]] std::string network_group(const std::string& root_id, const std::string& name);
// Returns the IFALIAS of the network's bridge, by which a later lxnetd recognises it.
[[nodiscard]] std::string bridge_alias(const std::string& root_id, const std::string& name);

// Converts <bandwidth>, in kilobytes per second and KiB, to bytes.
[[nodiscard]] base::TrafficLimits traffic_limits(const xml::Bandwidth& bandwidth);

// Compiles the plan. Throws Error(config_unsupported) where the network needs something that the
// host lacks.
[[nodiscard]] NetworkPlan compile_network(const xml::Network& network, const CompileFacts& facts);

}  // namespace lxvirt::netd
