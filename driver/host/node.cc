#include "driver/host/node.hh"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <tuple>

#include "base/error.hh"
#include "base/file/file.hh"
#include "config.hh"
#include "xml/document/writer.hh"

namespace lxvirt::driver {

namespace {

// The release of libvirt whose behaviour and API lxvirt keeps.
constexpr const char* kLibvirt = "9.0.0";

struct utsname kernel() {
    struct utsname name = {};
    if (::uname(&name) != 0) base::fail_errno("ask for the kernel's name");
    return name;
}

// Returns the decimal number at the beginning; 0 if there is none.
unsigned number(std::string_view text) {
    unsigned value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Returns the clock rate of the first CPU; 0 where /proc/cpuinfo does not tell it, as on arm64.
unsigned first_mhz(std::string_view cpuinfo) {
    constexpr std::string_view kKey = "cpu MHz";
    const auto at = cpuinfo.find(kKey);
    if (at == std::string_view::npos) return 0;
    const auto value = cpuinfo.find_first_of("0123456789", at + kKey.size());
    return value == std::string_view::npos ? 0 : number(cpuinfo.substr(value, 16));
}

// The paths begin with `base`, which is empty for the host and a folder of samples in tests.
std::string cpu_folder(const std::string& base, unsigned id) {
    return fmt::format("{}/sys/devices/system/cpu/cpu{}", base, id);
}

// Counts nodes, sockets, cores and threads by the distinct places of the CPUs. Numbers of cores
// repeat in each socket and die, so a core is known by all of them.
void count_topology(const std::vector<HostCpu>& cpus, NodeInfo& info) {
    std::set<unsigned> nodes;
    std::set<std::tuple<unsigned, unsigned>> sockets;
    std::set<std::tuple<unsigned, unsigned, unsigned, unsigned>> cores;
    for (const HostCpu& cpu : cpus) {
        nodes.insert(cpu.node);
        sockets.emplace(cpu.node, cpu.socket);
        cores.emplace(cpu.node, cpu.socket, cpu.die, cpu.core);
    }
    const auto count = [](const auto& set) {
        return std::max(1U, static_cast<unsigned>(set.size()));
    };
    info.nodes = count(nodes);
    // The four numbers are averages: sockets for each node, cores for each socket, threads for each
    // core.
    info.sockets = std::max(1U, count(sockets) / info.nodes);
    info.cores = std::max(1U, count(cores) / count(sockets));
    info.threads = std::max(1U, info.cpus / count(cores));
    if (info.nodes * info.sockets * info.cores * info.threads == info.cpus) return;
    // libvirt's virNodeInfo demands that the product of the four numbers is the number of CPUs.
    info.nodes = info.sockets = info.threads = 1;
    info.cores = info.cpus;
}

// A field of <sysinfo>, and the file of the kernel that has its value.
struct DmiField {
    const char* name;
    const char* file;
};
struct DmiBlock {
    const char* element;
    std::vector<DmiField> fields;
};

// The elements of libvirt's <sysinfo> ("SMBIOS system information" in formatdomain.html), and the
// kernel's file for each field.
const std::array<DmiBlock, 4>& dmi_blocks() {
    static const std::array<DmiBlock, 4> blocks = {{{"bios",
                                                     {{"vendor", "bios_vendor"},
                                                      {"version", "bios_version"},
                                                      {"date", "bios_date"},
                                                      {"release", "bios_release"}}},
                                                    {"system",
                                                     {{"manufacturer", "sys_vendor"},
                                                      {"product", "product_name"},
                                                      {"version", "product_version"},
                                                      {"serial", "product_serial"},
                                                      {"uuid", "product_uuid"},
                                                      {"sku", "product_sku"},
                                                      {"family", "product_family"}}},
                                                    {"baseBoard",
                                                     {{"manufacturer", "board_vendor"},
                                                      {"product", "board_name"},
                                                      {"version", "board_version"},
                                                      {"serial", "board_serial"},
                                                      {"asset", "board_asset_tag"}}},
                                                    {"chassis",
                                                     {{"manufacturer", "chassis_vendor"},
                                                      {"version", "chassis_version"},
                                                      {"serial", "chassis_serial"},
                                                      {"asset", "chassis_asset_tag"}}}}};
    return blocks;
}

// Returns a string of the firmware without control characters, which some have and XML forbids.
std::string without_control_characters(std::string text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return text;
}

}  // namespace

std::string host_fact(const std::string& path) {
    std::string text;
    try {
        text = base::try_read_file(path).value_or("");
    } catch (const base::SystemError&) {
        return {};  // the kernel refuses some files on some machines (ENODATA, EIO)
    }
    text.resize(std::min(text.size(), text.find('\n')));
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Values of /proc/meminfo are in KiB (proc_meminfo(5)); 0 stands for a missing line.
std::uint64_t meminfo_value(std::string_view text, std::string_view key) {
    const auto at = text.find(std::string(key) + ":");
    if (at == std::string_view::npos) return 0;
    const auto digits = text.find_first_of("0123456789", at + key.size());
    std::uint64_t value = 0;
    if (digits != std::string_view::npos)
        (void)std::from_chars(text.data() + digits, text.data() + text.size(), value);
    return value;
}

// Parses a list such as "0-3,8" (cpuset(7), "List format"). The size is bounded, since a test or a
// broken file may have any numbers.
std::vector<unsigned> parse_id_list(std::string_view text) {
    std::vector<unsigned> ids;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        unsigned first = 0;
        const auto low = std::from_chars(at, end, first);
        if (low.ec != std::errc()) return ids;
        unsigned last = first;
        at = low.ptr;
        if (at != end && *at == '-') {
            const auto high = std::from_chars(at + 1, end, last);
            if (high.ec != std::errc()) return ids;
            at = high.ptr;
        }
        for (unsigned id = first; id <= last && ids.size() < 65536; ++id) ids.push_back(id);
        if (at == end || *at != ',') return ids;
        ++at;
    }
    return ids;
}

std::string host_name() {
    return kernel().nodename;
}

std::string host_machine() {
    return kernel().machine;
}

Version host_version() {
    std::string release = kernel().release;
    // libvirt shows the numbers only: 6.1.0 for "6.1.0-18-amd64".
    release.resize(std::min(release.size(), release.find_first_not_of("0123456789.")));
    return {kLibvirt, VERSION, release};
}

std::vector<unsigned> read_host_nodes(const std::string& base) {
    auto nodes = parse_id_list(host_fact(base + "/sys/devices/system/node/online"));
    // A kernel without NUMA has no such folder, and one node.
    if (nodes.empty()) nodes.push_back(0);
    return nodes;
}

// Reads the CPUs that are online. The NUMA node of a CPU is found in the lists of the nodes.
std::vector<HostCpu> read_host_cpus(const std::string& base) {
    std::vector<HostCpu> cpus;
    for (const unsigned id : parse_id_list(host_fact(base + "/sys/devices/system/cpu/online"))) {
        const std::string topology = cpu_folder(base, id) + "/topology/";
        HostCpu cpu;
        cpu.id = id;
        cpu.socket = number(host_fact(topology + "physical_package_id"));
        cpu.die = number(host_fact(topology + "die_id"));
        cpu.core = number(host_fact(topology + "core_id"));
        cpu.siblings = host_fact(topology + "thread_siblings_list");
        // On a kernel without the file a CPU is its own only sibling.
        if (cpu.siblings.empty()) cpu.siblings = std::to_string(id);
        cpus.push_back(std::move(cpu));
    }
    for (const unsigned node : read_host_nodes(base)) {
        const auto ids = parse_id_list(
            host_fact(fmt::format("{}/sys/devices/system/node/node{}/cpulist", base, node)));
        for (HostCpu& cpu : cpus)
            if (std::find(ids.begin(), ids.end(), cpu.id) != ids.end()) cpu.node = node;
    }
    return cpus;
}

NodeInfo read_node_info(const std::string& base) {
    NodeInfo info;
    info.model = host_machine();
    info.memory = meminfo_value(base::read_file(base + "/proc/meminfo"), "MemTotal");
    info.mhz = first_mhz(base::read_file(base + "/proc/cpuinfo"));
    const auto cpus = read_host_cpus(base);
    info.cpus = std::max(1U, static_cast<unsigned>(cpus.size()));
    count_topology(cpus, info);
    return info;
}

std::string format_sysinfo(const std::string& base) {
    const std::string folder = base + "/sys/class/dmi/id/";
    // Virtual machines and boards without firmware tables have no such folder.
    if (!base::exists(folder))
        base::fail(base::ErrorCode::config_unsupported, "Host SMBIOS information is not available");
    xml::Writer out(0);
    out.start("sysinfo");
    out.attribute("type", "smbios");
    out.children();
    for (const DmiBlock& block : dmi_blocks()) {
        bool started = false;
        for (const DmiField& field : block.fields) {
            const std::string value = without_control_characters(host_fact(folder + field.file));
            if (value.empty()) continue;
            if (!started) {
                out.start(block.element);
                out.children();
                started = true;
            }
            out.start("entry");
            out.attribute("name", field.name);
            out.content(value, "entry");
        }
        if (started) out.end(block.element);
    }
    out.end("sysinfo");
    return out.take();
}

}  // namespace lxvirt::driver
