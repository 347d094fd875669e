#include "driver/plan/compile.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/error.hh"
#include "base/file/blkid.hh"
#include "base/file/file.hh"
#include "driver/host/usb.hh"
#include "driver/network/ports.hh"
#include "driver/plan/parts.hh"
#include "driver/supervisor/container_hooks.hh"
#include "driver/supervisor/guest.hh"
#include "driver/supervisor/helper_process.hh"

namespace lxvirt::driver {

namespace {

// Returns the status of a file, links followed; the words of the error are libvirt's.
struct stat stat_path(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) base::fail_errno("Unable to access {}", path);
    return info;
}

// Reads type and number of a node; links are followed, as udev's names in /dev/disk are links.
HostFacts::Device device_of(const std::string& path) {
    const struct stat info = stat_path(path);
    if (!S_ISBLK(info.st_mode) && !S_ISCHR(info.st_mode))
        base::fail(base::ErrorCode::config_unsupported, "'{}' is not a block or character device",
                   path);
    return {.type = S_ISBLK(info.st_mode) ? 'b' : 'c',
            .major = major(info.st_rdev),
            .minor = minor(info.st_rdev),
            .uid = info.st_uid,
            .gid = info.st_gid,
            .mode = info.st_mode & 0777U};
}

// Looks up the init of another domain of the same root.
pid_t init_of(const Root& root, const std::string& name) {
    try {
        return open_init(root, name).pid;
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::operation_invalid) throw;
        base::fail(base::ErrorCode::operation_invalid,
                   "domain '{}', whose namespace is to be shared, is not running", name);
    }
}

}  // namespace

// All questions about the host go through these functions, so that tests can answer them.
HostFacts host_facts(const Root& root) {
    HostFacts facts;
    facts.hierarchies = base::find_hierarchies();
    facts.device = device_of;
    facts.folder = [](const std::string& path) {
        const struct stat info = stat_path(path);
        return HostFacts::Folder{.uid = info.st_uid, .is_folder = S_ISDIR(info.st_mode)};
    };
    facts.filesystem_type = base::filesystem_type;
    facts.exists = base::exists;
    facts.read = [](const std::string& path) { return base::read_file(path); };
    facts.resolve = [&root](const xml::Interface& interface) {
        return resolve_interface(root, interface);
    };
    facts.guard = [&root](const xml::Interface& interface) {
        return network_guard(root, interface);
    };
    facts.usb_nodes = [](const xml::UsbSource& source) { return usb_device_files(source); };
    facts.init_of = [&root](const std::string& name) { return init_of(root, name); };
    return facts;
}

// Gives the live domain what a definition leaves open: id, partition, names of interfaces, aliases.
// Names must be unique within a domain, and those on the host within the host. Names that the
// domain has already are kept: a reboot compiles its plan from the live definition.
void name_live_domain(xml::Domain& domain, pid_t helper) {
    domain.id = helper;
    if (domain.partition.empty()) domain.partition = "/machine";
    std::set<std::string> guests, targets;
    for (const xml::Interface& interface : domain.interfaces) {
        guests.insert(interface.guest);
        targets.insert(interface.target);
    }
    unsigned next_guest = 0, next_target = 0;
    for (xml::Interface& interface : domain.interfaces) {
        // The supervisor's pid makes the name unique without asking anybody, and 15 bytes suffice
        // for the largest pid (4194304, proc_sys_kernel(5)).
        while (interface.target.empty() && interface.type != xml::InterfaceType::direct) {
            const unsigned number = next_target++;
            std::string name = number == 0 ? fmt::format("vnet{}", helper)
                                           : fmt::format("vnet{}n{}", helper, number);
            if (targets.insert(name).second) interface.target = std::move(name);
        }
        while (interface.guest.empty()) {
            std::string name = fmt::format("eth{}", next_guest++);
            if (guests.insert(name).second) interface.guest = std::move(name);
        }
    }
    // Gives each device without an alias the first free one, as libvirt numbers them.
    const auto number = [](auto& devices, const char* prefix) {
        std::set<std::string> taken;
        for (const auto& device : devices) taken.insert(device.alias);
        unsigned next = 0;
        for (auto& device : devices)
            while (device.alias.empty()) {
                std::string alias = fmt::format("{}{}", prefix, next++);
                if (taken.insert(alias).second) device.alias = std::move(alias);
            }
    };
    number(domain.disks, "disk");
    number(domain.filesystems, "fs");
    number(domain.interfaces, "net");
    number(domain.hostdevs, "hostdev");
    number(domain.consoles, "console");
}

// A log file that the domain names is emptied at a start unless append='on'; the default log is
// continued.
helper::ConsolePlan compile::console(const xml::Console& console, const xml::Domain& domain,
                                     const Root& root) {
    helper::ConsolePlan made{.alias = console.alias,
                             .log_file = console.log_file,
                             .log_append = console.log_append.value_or(false)};
    made.tty = console.port != 0 || !compile::is_left_out(domain.container.dev, "tty1");
    // The first console always has a log, unless the domain names a file.
    if (made.log_file.empty() && console.port == 0) {
        made.log_file = root.logs() + "/" + domain.name + ".console.log";
        made.log_append = true;
    }
    return made;
}

// Compiles the sections in the order of the struct. Two need others: the device rules need the
// devices that were compiled, and the unlimited hierarchies need all limits.
helper::Plan compile_plan(const xml::Domain& domain, const Root& root, const HostFacts& host,
                          const CompileOptions& options) {
    helper::Plan plan;
    plan.name = domain.name;
    plan.uuid = domain.uuid;
    helper::Supervision& supervision = plan.supervision;
    // A container that has ended has nothing to preserve, so 'preserve' destroys, too.
    const auto action = [](xml::LifecycleAction from) {
        const bool restarts =
            from == xml::LifecycleAction::restart || from == xml::LifecycleAction::rename_restart;
        return restarts ? helper::EndAction::restart : helper::EndAction::destroy;
    };
    supervision.uri = options.uri;
    supervision.run_folder = root.domain(domain.name);
    supervision.op_lock = root.operation_lock(domain.name);
    supervision.alive_lock = root.alive_lock(domain.name);
    supervision.journal = root.journal().path;
    supervision.journal_lock = root.journal().lock_path;
    supervision.log_file = root.log(domain.name);
    supervision.ended_file = root.ended(domain.name);
    supervision.helper_path = helper_path();
    supervision.agent_path = agent_path();
    supervision.has_hooks = options.has_hooks;
    supervision.autodestroy = options.autodestroy;
    supervision.on_poweroff = action(domain.on_poweroff);
    supervision.on_reboot = action(domain.on_reboot);
    supervision.on_crash = action(domain.on_crash);
    supervision.paused = options.paused;
    supervision.end_files = port_files(root, domain);
    plan.namespaces = compile::namespaces(domain, host);
    plan.dev = compile::dev(domain, host);
    // The mounts need the id map, and the groups need the devices of both.
    plan.mounts = compile::mounts(domain, host, plan.namespaces);
    plan.groups = compile::groups(domain, host, options, made_devices(plan, host));
    plan.links = compile::links(domain, root, host);
    plan.init = compile::first_process(domain, host, options);
    compile::container(domain, host, options, plan);
    for (helper::Mount& mount : plan.mounts) compile::lock_attributes(domain, mount);
    compile::find_unlimited(plan.groups);
    // A network namespace of its own begins with a loopback device that is down.
    plan.init.loopback = (plan.namespaces.fresh & CLONE_NEWNET) != 0;
    plan.hooks = container_hooks(domain, root);
    if (has_hook(plan.hooks, "pre-mount") && plan.mounts.front().idmapped)
        base::fail(
            base::ErrorCode::config_unsupported,
            "a pre-mount hook cannot change the root '{}', which is seen through the id map: "
            "let it belong to the container's ids (chown), or use a mount hook",
            plan.mounts.front().source);
    add_link_hooks(plan.hooks, domain, root, plan.links);
    for (const xml::Console& console : domain.consoles)
        plan.consoles.push_back(compile::console(console, domain, root));
    return plan;
}

}  // namespace lxvirt::driver
