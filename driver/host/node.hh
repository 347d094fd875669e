// Facts about the host, from /proc, /sys and uname(2), in the form of libvirt's virNodeGetInfo()
// and its like. `base` is put before every path, so that tests read a made-up host. Functions that
// read files throw SystemError where /proc is missing.
#pragma once

#include <string>
#include <vector>

#include "driver/types.hh"

namespace lxvirt::driver {

// Returns the host's name (uname(2)).
[[nodiscard]] std::string host_name();
[[nodiscard]] std::string host_machine();  // the kernel's architecture, "x86_64"
// Returns the versions of the libvirt API, of lxvirt and of the kernel.
[[nodiscard]] Version host_version();

// Returns the counts in libvirt's meaning: `sockets` for each NUMA node, `cores` for each socket,
// `threads` for each core, memory in KiB. On an irregular machine they are 1 node, 1 socket, and
// all CPUs as cores.
[[nodiscard]] NodeInfo read_node_info(const std::string& base = {});

// An online CPU and its place (Documentation/admin-guide/cputopology.rst).
struct HostCpu {
    unsigned id = 0;
    unsigned node = 0;
    unsigned socket = 0, die = 0, core = 0;
    std::string siblings;  // thread_siblings_list: "0-1"
};
// Returns the online CPUs in the order of their numbers.
[[nodiscard]] std::vector<HostCpu> read_host_cpus(const std::string& base = {});

// Returns the NUMA nodes that are online; {0} on a kernel without NUMA.
[[nodiscard]] std::vector<unsigned> read_host_nodes(const std::string& base = {});

// Parses the kernel's format of lists: 0 1 2 5 for "0-2,5". Anything malformed ends the list.
[[nodiscard]] std::vector<unsigned> parse_id_list(std::string_view text);

// Returns the facts of /sys/class/dmi/id as libvirt's <sysinfo type='smbios'>. Throws
// Error(config_unsupported) where the host has none.
[[nodiscard]] std::string format_sysinfo(const std::string& base = {});

// Returns the first line of a file of /proc or /sys, without blanks around it; empty where the file
// is absent or cannot be read.
[[nodiscard]] std::string host_fact(const std::string& path);
// Returns the number after `key` in a text of lines such as "MemTotal: 123 kB"; 0 where there is
// none.
[[nodiscard]] std::uint64_t meminfo_value(std::string_view text, std::string_view key);

}  // namespace lxvirt::driver
