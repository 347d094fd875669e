// Names and limits of the container's control groups. Each value is written to the hierarchy that
// owns its controller, in that version's terms (Documentation/admin-guide/cgroup-v2.rst,
// cgroup-v1/).
#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver::compile {

namespace {

// Collects limits; refuses those that this host cannot hold.
class Limits {
  public:
    Limits(const HostFacts& host) : host_(host) {}

    // Adds a limit, as file `v1` or `v2` depending on the hierarchy. An empty file name says that
    // this version has no such limit. `element` names it in errors.
    void add(const char* controller, const char* v1, const std::string& v1_value, const char* v2,
             const std::string& v2_value, const char* element) {
        const bool unified = is_unified(controller, element);
        const std::string file = unified ? v2 : v1;
        if (file.empty())
            base::fail(base::ErrorCode::config_unsupported,
                       "{} has no meaning on this host's cgroup {}", element,
                       unified ? "v2" : "v1");
        made.push_back({controller, file, unified ? v2_value : v1_value, {}});
    }

    // Says whether a controller is on v2; throws config_unsupported if the host has no such
    // controller.
    bool is_unified(const char* controller, const char* element) const {
        const base::Hierarchy* owner = base::owner_of(host_.hierarchies, controller);
        if (owner == nullptr)
            base::fail(base::ErrorCode::config_unsupported,
                       "{} needs the cgroup controller '{}', which this host does not have",
                       element, controller);
        return owner->unified;
    }

    std::vector<helper::GroupLimit> made;

  private:
    const HostFacts& host_;
};

// Converts KiB to bytes, the unit of the kernel's files.
std::string bytes(std::uint64_t kib) {
    return std::to_string(kib * 1024);
}

// Adds the limits of memory; <memory> is the hard limit unless <hard_limit> is given.
void add_memory(const xml::Domain& domain, const HostFacts& host, Limits& limits) {
    const xml::MemTune& tune = domain.memtune;
    const bool tuned = tune.hard_limit || tune.soft_limit || tune.swap_hard_limit;
    // <memory> is always there. A host without the controller cannot enforce it, but only a limit
    // that was asked for by name is worth an error.
    if (!tuned && base::owner_of(host.hierarchies, "memory") == nullptr) return;
    const std::uint64_t hard = tune.hard_limit.value_or(domain.memory);
    limits.add("memory", "memory.limit_in_bytes", bytes(hard), "memory.max", bytes(hard),
               "<memory>");
    if (tune.soft_limit)
        limits.add("memory", "memory.soft_limit_in_bytes", bytes(*tune.soft_limit), "memory.high",
                   bytes(*tune.soft_limit), "<soft_limit>");
    if (tune.swap_hard_limit) {
        // A v2 limit of swap below 0 is impossible, so a sum below the memory limit means no swap.
        const std::uint64_t swap = *tune.swap_hard_limit - std::min(*tune.swap_hard_limit, hard);
        limits.add("memory", "memory.memsw.limit_in_bytes", bytes(*tune.swap_hard_limit),
                   "memory.swap.max", bytes(swap), "<swap_hard_limit>");
    }
}

// Adds shares, quota and placement. A quota needs a period, on v2 in the same file.
void add_cpu(const xml::Domain& domain, Limits& limits) {
    const xml::CpuTune& tune = domain.cputune;
    if (tune.shares) {
        // A v1 share is 1024 by default, a v2 weight 100.
        const std::uint64_t weight = std::clamp<std::uint64_t>(*tune.shares * 100 / 1024, 1, 10000);
        limits.add("cpu", "cpu.shares", std::to_string(*tune.shares), "cpu.weight",
                   std::to_string(weight), "<shares>");
    }
    if (tune.period || tune.quota) {
        // Microseconds; the kernel's default
        const std::uint64_t period = tune.period.value_or(100000);
        const std::int64_t quota = tune.quota.value_or(-1);
        if (limits.is_unified("cpu", "<quota>")) {
            const std::string most = quota > 0 ? std::to_string(quota) : "max";
            limits.made.push_back({"cpu", "cpu.max", fmt::format("{} {}", most, period), {}});
        } else {
            limits.made.push_back({"cpu", "cpu.cfs_period_us", std::to_string(period), {}});
            // The period goes first: the kernel checks the quota against the period that is set.
            limits.made.push_back(
                {"cpu", "cpu.cfs_quota_us", std::to_string(quota > 0 ? quota : -1), {}});
        }
    }
    if (!domain.cpuset.empty())
        limits.add("cpuset", "cpuset.cpus", domain.cpuset, "cpuset.cpus", domain.cpuset,
                   "<vcpu cpuset>");
    if (domain.numatune && !domain.numatune->nodeset.empty())
        limits.add("cpuset", "cpuset.mems", domain.numatune->nodeset, "cpuset.mems",
                   domain.numatune->nodeset, "<numatune>");
}

// Adds the file of the bfq scheduler as the alternative: without CFQ and without a cost model, only
// bfq has weights.
void add_bfq(helper::GroupLimit& limit) {
    const std::size_t dot = limit.file.find('.');
    limit.alternative = limit.file.substr(0, dot) + ".bfq" + limit.file.substr(dot);
}

// Adds weight and limits of one block device; a limit of 0 is never written.
void add_block_device(const xml::BlkioDevice& device, const HostFacts& host, const char* controller,
                      Limits& limits) {
    const HostFacts::Device node = host.device(device.path);
    const std::string number = fmt::format("{}:{}", node.major, node.minor);
    if (device.weight) {
        limits.add(controller, "blkio.weight_device", fmt::format("{} {}", number, *device.weight),
                   "io.weight", fmt::format("{} {}", number, *device.weight), "<device><weight>");
        add_bfq(limits.made.back());
    }
    struct Throttle {
        const std::optional<std::uint64_t>& value;
        const char* v1;
        const char* v2;
    };
    const Throttle throttles[] = {
        {device.read_bytes_sec, "blkio.throttle.read_bps_device", "rbps"},
        {device.write_bytes_sec, "blkio.throttle.write_bps_device", "wbps"},
        {device.read_iops_sec, "blkio.throttle.read_iops_device", "riops"},
        {device.write_iops_sec, "blkio.throttle.write_iops_device", "wiops"},
    };
    for (const Throttle& throttle : throttles)
        if (throttle.value)
            limits.add(controller, throttle.v1, fmt::format("{} {}", number, *throttle.value),
                       "io.max", fmt::format("{} {}={}", number, throttle.v2, *throttle.value),
                       "<blkiotune>");
}

// Adds the limits of block devices. v2 calls the controller io, v1 blkio.
void add_blkio(const xml::Domain& domain, const HostFacts& host, Limits& limits) {
    const char* controller = base::owner_of(host.hierarchies, "io") != nullptr ? "io" : "blkio";
    if (domain.blkiotune.weight) {
        limits.add(controller, "blkio.weight", std::to_string(*domain.blkiotune.weight),
                   "io.weight", std::to_string(*domain.blkiotune.weight), "<blkiotune><weight>");
        add_bfq(limits.made.back());
    }
    for (const xml::BlkioDevice& device : domain.blkiotune.devices)
        add_block_device(device, host, controller, limits);
}

// Bounds how deep and how many groups the container may make on v2; v1 has no such files. The
// numbers are far above what systemd with containers of its own in it makes, which is some hundred
// groups, less than ten levels deep.
void add_tree_limits(const HostFacts& host, std::vector<helper::GroupLimit>& limits) {
    if (base::unified_of(host.hierarchies) == nullptr) return;
    limits.push_back({helper::kCgroupCore, "cgroup.max.depth", "64", {}});
    limits.push_back({helper::kCgroupCore, "cgroup.max.descendants", "10000", {}});
}

// Says whether something is limited in a hierarchy, now or later, that nobody inside may lift. That
// is always so on v2; its device program and its freezer serve v1 hierarchies beside it, too.
bool is_limited(const base::Hierarchy& hierarchy, const helper::Groups& groups) {
    if (hierarchy.unified) return true;
    const bool has_v2 = base::unified_of(groups.hierarchies) != nullptr;
    for (const char* controller : {"cpu", "cpuset", "memory", "blkio"})
        if (hierarchy.has(controller)) return true;
    for (const char* controller : {"devices", "freezer"})
        if (!has_v2 && hierarchy.has(controller)) return true;
    return std::any_of(
        groups.limits.begin(), groups.limits.end(),
        [&](const helper::GroupLimit& limit) { return hierarchy.has(limit.controller); });
}

}  // namespace

// Must be called when all limits are known.
void find_unlimited(helper::Groups& groups) {
    for (const base::Hierarchy& hierarchy : groups.hierarchies)
        if (!is_limited(hierarchy, groups)) groups.unlimited.push_back(hierarchy.name);
}

// Collects the limits of memory, CPU and block devices, in this order.
std::vector<helper::GroupLimit> limits(const xml::Domain& domain, const HostFacts& host) {
    Limits limits(host);
    add_memory(domain, host, limits);
    add_cpu(domain, limits);
    add_blkio(domain, host, limits);
    return std::move(limits.made);
}

helper::Groups groups(const xml::Domain& domain, const HostFacts& host,
                      const CompileOptions& options, const std::vector<MadeDevice>& made_devices) {
    helper::Groups made;
    made.hierarchies = host.hierarchies;
    made.outer = outer_group(domain, options.helper, options.group_folder);
    made.inner = inner_group(made.outer);
    made.helper = helper_group(made.outer);
    made.limits = limits(domain, host);
    add_tree_limits(host, made.limits);
    made.devices = device_rules(domain, host, made_devices);
    return made;
}

}  // namespace lxvirt::driver::compile

namespace lxvirt::driver {

// libvirt's default partition is /machine.
std::string partition_of(const xml::Domain& domain) {
    return domain.partition.empty() ? "/machine" : domain.partition;
}

// The name is libvirt's (virCgroupNewDomainPartition()), so that monitoring tools find it.
std::string outer_group(const xml::Domain& domain, pid_t helper, const std::string& folder) {
    return fmt::format("{}/lxc-{}-{}.libvirt-lxc", folder.empty() ? partition_of(domain) : folder,
                       helper, domain.name);
}

std::string helper_group(const std::string& outer) {
    return base::parent_folder(outer) + "/lxvirt.helpers";
}

}  // namespace lxvirt::driver
