// From a network to lxnetd's plan. Pure: what the driver knows of the host comes in as values.
#pragma once

#include <string>
#include <vector>

#include "netd/plan.hh"
#include "xml/network/network.hh"

namespace lxvirt::netd {

struct CompileFacts {
    std::vector<base::Hierarchy> hierarchies;
    std::string root_id;          // of the driver's root, for names that are not root-scoped
    std::string dnsmasq_program;  // empty: not installed
    std::string run_folder, alive_lock, journal, journal_lock, log_file;
};

// The network's control group.
[[nodiscard]] std::string network_group(const std::string& root_id, const std::string& name);
// The IFALIAS of its bridge.
[[nodiscard]] std::string bridge_alias(const std::string& root_id, const std::string& name);

// Kilobytes per second and KiB of <bandwidth> as bytes.
[[nodiscard]] base::TrafficLimits traffic_limits(const xml::Bandwidth& bandwidth);

// Throws config_unsupported where the network needs what the host lacks.
[[nodiscard]] NetworkPlan compile_network(const xml::Network& network, const CompileFacts& facts);

}  // namespace lxvirt::netd
