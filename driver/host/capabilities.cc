#include "driver/host/capabilities.hh"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include "base/error.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"
#include "base/uuid.hh"
#include "driver/host/node.hh"

namespace lxvirt::driver {

namespace {

// The path that domains written for libvirt contain, and that define fills in. It only says which
// driver a domain is for: lxvirt runs its own lxc_helper in any case.
constexpr const char* kEmulator = "/usr/lib/libvirt/libvirt_lxc";

std::uint64_t number(const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
}

// Returns the uuid of the host: that of the firmware, else of the installation, else of this boot.
// It must be the same for every caller.
std::string host_uuid(const std::string& base) {
    for (const char* path : {"/sys/class/dmi/id/product_uuid", "/etc/machine-id"})
        if (const auto uuid = base::parse_uuid(host_fact(base + path))) return *uuid;
    return base::boot_id();
}

// Returns the page sizes in KiB, the ordinary one and the huge ones, in ascending order.
std::vector<std::uint64_t> page_sizes(const std::string& base) {
    std::vector<std::uint64_t> sizes = {static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024};
    for (const std::string& entry : base::list_folder(base + "/sys/kernel/mm/hugepages"))
        if (const auto dash = entry.find('-'); dash != std::string::npos)
            sizes.push_back(number(entry.substr(dash + 1)));
    std::sort(sizes.begin(), sizes.end());
    return sizes;
}

// Appends the sleep states that the kernel offers (/sys/power/state).
void add_power_management(std::string& text, const std::string& base) {
    const std::string states = " " + host_fact(base + "/sys/power/state") + " ";
    const bool mem = states.find(" mem ") != std::string::npos;
    const bool disk = states.find(" disk ") != std::string::npos;
    if (!mem && !disk) {
        text += "    <power_management/>\n";
        return;
    }
    text += "    <power_management>\n";
    if (mem) text += "      <suspend_mem/>\n";
    if (disk) text += "      <suspend_disk/>\n";
    if (mem && disk) text += "      <suspend_hybrid/>\n";
    text += "    </power_management>\n";
}

// Returns the memory of a NUMA node in KiB; on a kernel without NUMA that is all memory.
std::uint64_t node_memory(const std::string& base, unsigned node) {
    const auto text =
        base::try_read_file(fmt::format("{}/sys/devices/system/node/node{}/meminfo", base, node));
    if (text) return meminfo_value(*text, "MemTotal");
    return meminfo_value(base::read_file(base + "/proc/meminfo"), "MemTotal");
}

// Appends how many pages of each size a node has; memory that no huge page takes is in ordinary
// pages.
void add_node_pages(std::string& text, const std::string& base, unsigned node,
                    std::uint64_t memory) {
    const auto sizes = page_sizes(base);
    std::map<std::uint64_t, std::uint64_t> counts;
    for (const std::uint64_t size : sizes) {
        const std::string path =
            fmt::format("{}/sys/devices/system/node/node{}/hugepages/hugepages-{}kB/nr_hugepages",
                        base, node, size);
        counts[size] = number(host_fact(path));
        memory -= std::min(memory, counts[size] * size);
    }
    counts[sizes.front()] = memory / sizes.front();
    for (const auto& [size, count] : counts)
        text += fmt::format("          <pages unit='KiB' size='{}'>{}</pages>\n", size, count);
}

// Appends the distances of a node to all nodes, as the firmware states them (ACPI, SLIT).
void add_distances(std::string& text, const std::string& base, const std::vector<unsigned>& nodes,
                   unsigned node) {
    const std::string line =
        host_fact(fmt::format("{}/sys/devices/system/node/node{}/distance", base, node));
    if (line.empty()) return;
    text += "          <distances>\n";
    const char* at = line.c_str();
    for (const unsigned sibling : nodes) {
        char* end = nullptr;
        const auto value = std::strtoul(at, &end, 10);
        if (end == at) break;
        text += fmt::format("            <sibling id='{}' value='{}'/>\n", sibling, value);
        at = end;
    }
    text += "          </distances>\n";
}

// Appends <topology>: for each NUMA node its memory, pages, distances and CPUs.
void add_topology(std::string& text, const std::string& base) {
    const auto nodes = read_host_nodes(base);
    const auto cpus = read_host_cpus(base);
    text += fmt::format("    <topology>\n      <cells num='{}'>\n", nodes.size());
    for (const unsigned node : nodes) {
        const std::uint64_t memory = node_memory(base, node);
        text += fmt::format("        <cell id='{}'>\n          <memory unit='KiB'>{}</memory>\n",
                            node, memory);
        add_node_pages(text, base, node, memory);
        add_distances(text, base, nodes, node);
        const auto count = std::count_if(cpus.begin(), cpus.end(),
                                         [node](const HostCpu& cpu) { return cpu.node == node; });
        text += fmt::format("          <cpus num='{}'>\n", count);
        for (const HostCpu& cpu : cpus)
            if (cpu.node == node)
                text += fmt::format(
                    "            <cpu id='{}' socket_id='{}' die_id='{}' core_id='{}' "
                    "siblings='{}'/>\n",
                    cpu.id, cpu.socket, cpu.die, cpu.core, cpu.siblings);
        text += "          </cpus>\n        </cell>\n";
    }
    text += "      </cells>\n    </topology>\n";
}

// A cache that some CPUs share.
struct CacheBank {
    unsigned level = 0, id = 0;
    std::string type, cpus;
    std::uint64_t bytes = 0;
    auto operator<=>(const CacheBank&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Returns libvirt's word for the kernel's (/sys/devices/system/cpu/cpuN/cache/indexN/type).
std::string cache_type(const std::string& word) {
    if (word == "Unified") return "both";
    return word == "Data" ? "data" : "code";
}

// Returns the caches of the highest levels, each once, though every CPU that shares one lists it.
std::vector<CacheBank> cache_banks(const std::string& base) {
    constexpr unsigned kLowestLevel = 3;  // libvirt reports last level caches only
    std::vector<CacheBank> banks;
    for (const HostCpu& cpu : read_host_cpus(base)) {
        const std::string folder =
            fmt::format("{}/sys/devices/system/cpu/cpu{}/cache", base, cpu.id);
        for (const std::string& entry : base::list_folder(folder)) {
            if (!entry.starts_with("index")) continue;
            const std::string index = folder + "/" + entry + "/";
            CacheBank bank;
            bank.level = static_cast<unsigned>(number(host_fact(index + "level")));
            if (bank.level < kLowestLevel) continue;
            bank.id = static_cast<unsigned>(number(host_fact(index + "id")));
            bank.type = cache_type(host_fact(index + "type"));
            bank.cpus = host_fact(index + "shared_cpu_list");
            bank.bytes = number(host_fact(index + "size")) * 1024;  // the kernel writes "32768K"
            if (std::find(banks.begin(), banks.end(), bank) == banks.end()) banks.push_back(bank);
        }
    }
    std::sort(banks.begin(), banks.end());
    return banks;
}

// Appends <cache>, with sizes in the largest unit that gives a whole number.
void add_caches(std::string& text, const std::string& base) {
    const auto banks = cache_banks(base);
    if (banks.empty()) return;
    text += "    <cache>\n";
    for (const CacheBank& bank : banks) {
        std::uint64_t size = bank.bytes;
        std::size_t unit = 0;
        static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
        for (; size != 0 && size % 1024 == 0 && unit + 1 < std::size(kUnits); ++unit) size /= 1024;
        text += fmt::format(
            "      <bank id='{}' level='{}' type='{}' size='{}' unit='{}' cpus='{}'/>\n", bank.id,
            bank.level, bank.type, size, kUnits[unit], bank.cpus);
    }
    text += "    </cache>\n";
}

// Appends a <guest>: an architecture whose programs a container may run.
void add_guest(std::string& text, std::string_view arch, int wordsize) {
    text += fmt::format(
        "  <guest>\n    <os_type>exe</os_type>\n    <arch name='{}'>\n"
        "      <wordsize>{}</wordsize>\n      <emulator>{}</emulator>\n"
        "      <domain type='lxc'/>\n    </arch>\n  </guest>\n\n",
        arch, wordsize, kEmulator);
}

}  // namespace

// The layout is that of libvirt's virCapabilitiesFormatXML(), blank lines included.
std::string format_capabilities(const std::string& base) {
    const std::string arch = host_machine();
    std::string text = fmt::format(
        "<capabilities>\n\n  <host>\n    <uuid>{}</uuid>\n    <cpu>\n"
        "      <arch>{}</arch>\n",
        host_uuid(base), arch);
    for (const std::uint64_t size : page_sizes(base))
        text += fmt::format("      <pages unit='KiB' size='{}'/>\n", size);
    text += "    </cpu>\n";
    add_power_management(text, base);
    const bool iommu = !base::list_folder(base + "/sys/class/iommu").empty();
    text += fmt::format("    <iommu support='{}'/>\n", iommu ? "yes" : "no");
    add_topology(text, base);
    add_caches(text, base);
    text +=
        "    <secmodel>\n      <model>none</model>\n      <doi>0</doi>\n    </secmodel>\n"
        "  </host>\n\n";
    add_guest(text, arch, 64);
    // 32-bit programs run through personality(2), where the kernel has such a mode.
    if (arch == "x86_64") add_guest(text, "i686", 32);
    if (arch == "aarch64") add_guest(text, "armv7l", 32);
    return text + "</capabilities>\n";
}

}  // namespace lxvirt::driver
