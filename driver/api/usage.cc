// Reads memory and CPU time from the control groups of either version (cgroup-v1/memory.rst,
// cgroup-v1/cpuacct.rst, cgroup-v2.rst in the kernel's Documentation/admin-guide).
#include "driver/api/usage.hh"

#include "base/cgroup/cgroup.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::driver {

namespace {

// Returns the number that a file of a control group holds; nullopt if there is no such file.
std::optional<std::uint64_t> number_in(const std::string& file) {
    const auto text = base::try_read_file(file);
    return text ? base::parse_number<std::uint64_t>(base::trim(*text)) : std::nullopt;
}

// Returns the CPU time in microseconds from a v2 cpu.stat, which every group has, whatever
// controllers are enabled.
std::optional<std::uint64_t> usage_usec(const std::string& file) {
    const auto text = base::try_read_file(file);
    if (!text) return std::nullopt;
    for (const std::string_view line : base::split(*text, '\n'))
        if (line.starts_with("usage_usec "))
            return base::parse_number<std::uint64_t>(line.substr(11));
    return std::nullopt;
}

}  // namespace

void add_usage(const LiveHead& live, DomainInfo& info) {
    const auto hierarchies = base::find_hierarchies();
    if (const base::Hierarchy* memory = base::owner_of(hierarchies, "memory")) {
        const char* file = memory->unified ? "/memory.current" : "/memory.usage_in_bytes";
        if (const auto bytes = number_in(memory->mount + live.cgroup + file))
            info.memory = *bytes / 1024;
    }
    const base::Hierarchy* accounting = base::owner_of(hierarchies, "cpuacct");
    if (accounting != nullptr) {
        if (const auto ns = number_in(accounting->mount + live.cgroup + "/cpuacct.usage"))
            info.cpu_time = *ns;
    } else if (const base::Hierarchy* unified = base::unified_of(hierarchies)) {
        if (const auto usec = usage_usec(unified->mount + live.cgroup + "/cpu.stat"))
            info.cpu_time = *usec * 1000;
    }
}

}  // namespace lxvirt::driver
