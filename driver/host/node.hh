// Facts about the host, from /proc, /sys and uname(2), as libvirt's virNodeGetInfo and friends tell
// them. `base` is put before every path, so that tests read a made-up host.
#pragma once

#include <string>
#include <vector>

#include "driver/types.hh"

namespace lxvirt::driver {

[[nodiscard]] std::string host_name();
[[nodiscard]] std::string host_machine();  // "x86_64"
[[nodiscard]] Version host_version();

// Counts follow libvirt's meaning: `sockets` per NUMA node, `cores` per socket, `threads` per core;
// where the machine is not regular: 1 node, 1 socket, all CPUs as cores.
[[nodiscard]] NodeInfo read_node_info(const std::string& base = {});

// One online CPU and its place (Documentation/admin-guide/cputopology.rst).
struct HostCpu {
    unsigned id = 0;
    unsigned node = 0;
    unsigned socket = 0, die = 0, core = 0;
    std::string siblings;  // "0-1": thread_siblings_list
};
[[nodiscard]] std::vector<HostCpu> read_host_cpus(const std::string& base = {});

// NUMA nodes that are online; {0} where the kernel has no NUMA.
[[nodiscard]] std::vector<unsigned> read_host_nodes(const std::string& base = {});

// "0-2,5" -> 0 1 2 5, the kernel's list format; what cannot be read ends the list.
[[nodiscard]] std::vector<unsigned> parse_id_list(std::string_view text);

// The SMBIOS facts of /sys/class/dmi/id as libvirt's <sysinfo>. Throws config_unsupported where
// the host has none.
[[nodiscard]] std::string format_sysinfo(const std::string& base = {});

// The first line of a file of /proc or /sys without blanks around it; empty where it is absent.
[[nodiscard]] std::string host_fact(const std::string& path);
// "MemTotal: 123 kB" in a file of that form -> 123; 0 where there is none.
[[nodiscard]] std::uint64_t meminfo_value(std::string_view text, std::string_view key);

}  // namespace lxvirt::driver
