// Adds what <lx:container> says to the plan: settings of the init, kernel settings of its
// namespaces, and values for control group files.
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hh"
#include "base/process/limits.hh"
#include "base/text/text.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver::compile {

namespace {

using base::ErrorCode;
using base::fail;

// --- kernel settings

// Returns the CLONE_NEW* whose namespaces have this setting for themselves (namespaces(7), and the
// kernel's documentation of sysctls); 0 for a setting of the whole host.
std::uint64_t namespace_of(std::string_view path) {
    if (path.starts_with("net/")) return CLONE_NEWNET;
    if (path.starts_with("fs/mqueue/")) return CLONE_NEWIPC;
    if (path == "kernel/hostname" || path == "kernel/domainname") return CLONE_NEWUTS;
    constexpr std::string_view ipc[] = {
        "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",          "kernel/sem",
        "kernel/shmall", "kernel/shmmax", "kernel/shm_rmid_forced", "kernel/shmmni"};
    return std::find(std::begin(ipc), std::end(ipc), path) != std::end(ipc) ? CLONE_NEWIPC : 0;
}

// Adds kernel settings. A setting that is not a namespace's own, or of a namespace that is shared,
// would change other containers or the host, and is refused.
void add_sysctls(const xml::Container& container, const helper::Namespaces& namespaces,
                 helper::Init& init) {
    for (const xml::ContainerSetting& setting : container.sysctls) {
        std::string path = setting.name;
        // Names are read as sysctl(8) reads them: dots mean slashes, but where a slash comes first
        // it is the other way round.
        if (path.find('/') == std::string::npos || path.find('.') < path.find('/'))
            for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
        const std::uint64_t needed = namespace_of(path);
        if (needed == 0)
            fail(ErrorCode::config_unsupported,
                 "<lx:sysctl name='{}'> is a setting of the whole host, not of a container",
                 setting.name);
        if ((namespaces.fresh & needed) == 0)
            fail(ErrorCode::config_unsupported,
                 "<lx:sysctl name='{}'>: the container shares that namespace with others",
                 setting.name);
        init.sysctls.push_back({path, setting.value});
    }
}

// --- control groups

// A file that both versions have under different names.
struct Pair {
    std::string_view v1, v2;
};
constexpr Pair kPairs[] = {{"memory.limit_in_bytes", "memory.max"},
                           {"memory.soft_limit_in_bytes", "memory.high"},
                           {"cpu.shares", "cpu.weight"},
                           {"blkio.weight", "io.weight"},
                           {"blkio.bfq.weight", "io.bfq.weight"}};

// Returns the other version's file for the same value; nothing where there is none.
std::optional<std::string> translated(const xml::ContainerGroupValue& value, bool to_unified) {
    constexpr std::string_view same[] = {"pids.max", "cpuset.cpus", "cpuset.mems"};
    // These files have the same name in both versions.
    if (std::find(std::begin(same), std::end(same), value.name) != std::end(same))
        return value.name;
    constexpr std::string_view huge = "hugetlb.", v1_end = ".limit_in_bytes", v2_end = ".max";
    if (value.name.starts_with(huge)) {
        const std::string_view end = to_unified ? v1_end : v2_end;
        if (!value.name.ends_with(end)) return std::nullopt;
        return value.name.substr(0, value.name.size() - end.size()) +
               std::string(to_unified ? v2_end : v1_end);
    }
    for (const Pair& pair : kPairs)
        if (value.name == (to_unified ? pair.v1 : pair.v2))
            return std::string(to_unified ? pair.v2 : pair.v1);
    return std::nullopt;
}

// Returns a rule of the definition as the kernel's parts.
base::DeviceRule device_rule(const xml::ContainerDeviceRule& from) {
    base::DeviceRule rule{.allow = from.allow, .type = from.device.front()};
    if (const auto colon = from.device.find(':'); colon != std::string::npos) {
        const std::string_view numbers = from.device;
        rule.major = base::parse_number<std::uint32_t>(numbers.substr(2, colon - 2));  // "*": any
        rule.minor = base::parse_number<std::uint32_t>(numbers.substr(colon + 1));
    }
    rule.access = 0;
    for (const char c : from.access)
        rule.access |= c == 'r'   ? base::kDeviceRead
                       : c == 'w' ? base::kDeviceWrite
                                  : base::kDeviceMknod;
    return rule;
}

// Adds one value to the limits. A value that cannot be kept on this host is an error if the host has
// no such controller at all, and a line in the log if it is about the other version of control groups
// and has no counterpart, since lxc passes over those. `own` selects those for this host's version of the owning
// hierarchy.
void add_group_value(const xml::ContainerGroupValue& value, const HostFacts& host, bool own,
                     const CompileOptions& options, helper::Groups& groups) {
    const std::string controller = value.name.substr(0, value.name.find('.'));
    const bool is_io = controller == "blkio" || controller == "io";
    const base::Hierarchy* owner = base::owner_of(host.hierarchies, controller);
    if (owner == nullptr && is_io)
        owner = base::owner_of(host.hierarchies, controller == "io" ? "blkio" : "io");
    // A configuration of lxc carries the keys of both versions, and lxc uses those of the host's.
    // Here the keys of the other version count, too, where they have a counterpart.
    if (controller == helper::kCgroupCore) {
        if (own && value.unified && base::unified_of(host.hierarchies) != nullptr)
            groups.limits.push_back({helper::kCgroupCore, value.name, value.value, {}});
        return;
    }
    if (owner == nullptr)
        fail(
            ErrorCode::config_unsupported,
            "<lx:cgroup name='{}'> needs the cgroup controller '{}', which this host does not have",
            value.name, controller);
    if ((owner->unified == value.unified) != own) return;
    std::string file = value.name;
    if (owner->unified != value.unified) {
        const auto other = translated(value, owner->unified);
        if (!other) {
            if (options.log)
                options.log(fmt::format(
                    "<lx:cgroup version='{}' name='{}'> has no effect: '{}' is on "
                    "version {} here, which has no such file",
                    value.unified ? 2 : 1, value.name, controller, owner->unified ? 2 : 1));
            return;
        }
        file = *other;
    }
    const std::string owner_name = is_io ? (owner->unified ? "io" : "blkio") : controller;
    groups.limits.push_back({owner_name, file, value.value, {}});
}

}  // namespace

// Adds what concerns the init. Inherited variables come from the environment of the command that
// starts the container.
void container_process(const xml::Container& container, helper::Init& init) {
    for (const xml::ContainerLimit& limit : container.limits)
        init.rlimits.push_back({*base::limit_number(limit.name), limit.soft.value_or(RLIM_INFINITY),
                                limit.hard.value_or(RLIM_INFINITY)});
    init.no_new_privs = container.no_new_privs;
    init.session_keyring = container.keyring.session;
    init.core_scheduling = container.core_scheduling;
    init.groups = container.init_groups;
    for (const xml::ContainerSetting& setting : container.procs)
        init.proc.push_back({setting.name, setting.value});
    for (const xml::ContainerVariable& variable : container.variables)
        if (!variable.for_hooks) set_variable(init.environment, variable.name, variable.value);
    // The variable of a caller that has none stays unset.
    for (const std::string& name : container.inherited_environment)
        if (const char* value = std::getenv(name.c_str()))
            set_variable(init.environment, name, value);
}

std::vector<base::DeviceRule> container_rules(const xml::Domain& domain) {
    std::vector<base::DeviceRule> rules;
    for (const xml::ContainerDeviceRule& rule : domain.container.device_rules)
        rules.push_back(device_rule(rule));
    return rules;
}

std::vector<base::DeviceRule> node_rules(const xml::Domain& domain, const HostFacts& host) {
    std::vector<base::DeviceRule> rules;
    for (const xml::ContainerNode& node : domain.container.dev.nodes) {
        // A node that the host has no longer is no reason to refuse another device.
        if (!node.on || is_standard_node(node.path) || !host.exists(node.path)) continue;
        const HostFacts::Device device = host.device(node.path);
        rules.push_back({.type = device.type, .major = device.major, .minor = device.minor});
    }
    return rules;
}

// Adds all parts of <lx:container>; must run after the sections that it changes.
void container(const xml::Domain& domain, const HostFacts& host, const CompileOptions& options,
               helper::Plan& plan) {
    const xml::Container& from = domain.container;
    add_sysctls(from, plan.namespaces, plan.init);
    container_dev(domain, host, plan.dev);
    container_mounts(domain, host, options, plan.mounts);
    // Values for the host's own version are written last, so that they count.
    for (const bool own : {false, true})
        for (const xml::ContainerGroupValue& value : from.groups)
            add_group_value(value, host, own, options, plan.groups);
}

}  // namespace lxvirt::driver::compile
