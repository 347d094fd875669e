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
#include "xml/document/writer.hh"

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
void add_power_management(xml::Writer& out, const std::string& base) {
    const std::string states = " " + host_fact(base + "/sys/power/state") + " ";
    const bool mem = states.find(" mem ") != std::string::npos;
    const bool disk = states.find(" disk ") != std::string::npos;
    if (!mem && !disk) return out.flag("power_management");
    out.start("power_management");
    out.children();
    if (mem) out.flag("suspend_mem");
    if (disk) out.flag("suspend_disk");
    if (mem && disk) out.flag("suspend_hybrid");
    out.end("power_management");
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
void add_node_pages(xml::Writer& out, const std::string& base, unsigned node,
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
    for (const auto& [size, count] : counts) {
        out.start("pages");
        out.attribute("unit", "KiB");
        out.attribute("size", size);
        out.content(std::to_string(count), "pages");
    }
}

// Appends the distances of a node to all nodes, as the firmware states them (ACPI, SLIT).
void add_distances(xml::Writer& out, const std::string& base, const std::vector<unsigned>& nodes,
                   unsigned node) {
    const std::string line =
        host_fact(fmt::format("{}/sys/devices/system/node/node{}/distance", base, node));
    if (line.empty()) return;
    out.start("distances");
    out.children();
    const char* at = line.c_str();
    for (const unsigned sibling : nodes) {
        char* end = nullptr;
        const auto value = std::strtoul(at, &end, 10);
        if (end == at) break;
        out.start("sibling");
        out.attribute("id", std::uint64_t{sibling});
        out.attribute("value", std::uint64_t{value});
        out.empty();
        at = end;
    }
    out.end("distances");
}

void add_cpu(xml::Writer& out, const HostCpu& cpu) {
    out.start("cpu");
    out.attribute("id", std::uint64_t{cpu.id});
    out.attribute("socket_id", std::uint64_t{cpu.socket});
    out.attribute("die_id", std::uint64_t{cpu.die});
    out.attribute("core_id", std::uint64_t{cpu.core});
    out.attribute("siblings", cpu.siblings);
    out.empty();
}

// Appends <topology>: for each NUMA node its memory, pages, distances and CPUs.
void add_topology(xml::Writer& out, const std::string& base) {
    const auto nodes = read_host_nodes(base);
    const auto cpus = read_host_cpus(base);
    out.start("topology");
    out.children();
    out.start("cells");
    out.attribute("num", std::uint64_t{nodes.size()});
    out.children();
    for (const unsigned node : nodes) {
        const std::uint64_t memory = node_memory(base, node);
        out.start("cell");
        out.attribute("id", std::uint64_t{node});
        out.children();
        out.sized("memory", "KiB", memory);
        add_node_pages(out, base, node, memory);
        add_distances(out, base, nodes, node);
        const auto count = std::count_if(cpus.begin(), cpus.end(),
                                         [node](const HostCpu& cpu) { return cpu.node == node; });
        out.start("cpus");
        out.attribute("num", static_cast<std::uint64_t>(count));
        out.children();
        for (const HostCpu& cpu : cpus)
            if (cpu.node == node) add_cpu(out, cpu);
        out.end("cpus");
        out.end("cell");
    }
    out.end("cells");
    out.end("topology");
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
void add_caches(xml::Writer& out, const std::string& base) {
    const auto banks = cache_banks(base);
    if (banks.empty()) return;
    out.start("cache");
    out.children();
    for (const CacheBank& bank : banks) {
        std::uint64_t size = bank.bytes;
        std::size_t unit = 0;
        static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
        for (; size != 0 && size % 1024 == 0 && unit + 1 < std::size(kUnits); ++unit) size /= 1024;
        out.start("bank");
        out.attribute("id", std::uint64_t{bank.id});
        out.attribute("level", std::uint64_t{bank.level});
        out.attribute("type", bank.type);
        out.attribute("size", size);
        out.attribute("unit", kUnits[unit]);
        out.attribute("cpus", bank.cpus);
        out.empty();
    }
    out.end("cache");
}

// Appends a <guest>: an architecture whose programs a container may run.
void add_guest(xml::Writer& out, std::string_view arch, unsigned wordsize) {
    out.start("guest");
    out.children();
    out.text("os_type", "exe");
    out.start("arch");
    out.attribute("name", arch);
    out.children();
    out.text("wordsize", std::to_string(wordsize));
    out.text("emulator", kEmulator);
    out.empty_if("domain", {{"type", "lxc"}});
    out.end("arch");
    out.end("guest");
    out.blank();
}

}  // namespace

// The layout is that of libvirt's virCapabilitiesFormatXML(), blank lines included.
std::string format_capabilities(const std::string& base) {
    const std::string arch = host_machine();
    xml::Writer out(0);
    out.start("capabilities");
    out.children();
    out.blank();
    out.start("host");
    out.children();
    out.text("uuid", host_uuid(base));
    out.start("cpu");
    out.children();
    out.text("arch", arch);
    for (const std::uint64_t size : page_sizes(base)) {
        out.start("pages");
        out.attribute("unit", "KiB");
        out.attribute("size", size);
        out.empty();
    }
    out.end("cpu");
    add_power_management(out, base);
    const bool iommu = !base::list_folder(base + "/sys/class/iommu").empty();
    out.empty_if("iommu", {{"support", iommu ? "yes" : "no"}});
    add_topology(out, base);
    add_caches(out, base);
    out.start("secmodel");
    out.children();
    out.text("model", "none");
    out.text("doi", "0");
    out.end("secmodel");
    out.end("host");
    out.blank();
    add_guest(out, arch, 64);
    // 32-bit programs run through personality(2), where the kernel has such a mode.
    if (arch == "x86_64") add_guest(out, "i686", 32);
    if (arch == "aarch64") add_guest(out, "armv7l", 32);
    out.end("capabilities");
    return out.take();
}

}  // namespace lxvirt::driver
