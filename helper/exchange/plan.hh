// The launch plan: everything that lxc_helper needs to make one container, as plain data. The
// driver compiles it from the domain, `lxsh plan` prints it, unit tests compare it, and the helper,
// which knows no XML, carries it out. The sections stand in the order in which they are carried
// out; within a section the order counts, too.
//
// Paths on the host are absolute, and so are paths in the container, there. Every name that the
// helper is going to make on the host (groups, links) is in the plan, chosen and recorded in
// live.xml before it is used. A change of any struct here needs a new kPlanVersion.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_filter.hh"
#include "helper/exchange/plan_init.hh"
#include "helper/exchange/plan_links.hh"
#include "helper/exchange/plan_mounts.hh"

namespace lxvirt::helper {

// A line of /proc/PID/uid_map or gid_map (user_namespaces(7)).
struct IdMapRow {
    std::uint32_t inside = 0, outside = 0, count = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("inside", self.inside);
        visit("outside", self.outside);
        visit("count", self.count);
    }
};

// A namespace that the init enters instead of getting its own.
struct SharedNamespace {
    std::uint32_t kind = 0;  // CLONE_NEWNET, CLONE_NEWIPC or CLONE_NEWUTS
    std::string path;        // "/proc/PID/ns/net", "/run/netns/NAME"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("path", self.path);
    }
};

// Says which namespaces the init gets.
struct Namespaces {
    std::uint32_t fresh = 0;  // CLONE_NEW* made with the init; pid and mount always are
    bool cgroup = true;       // unshared by the init once it is in its groups
    std::vector<SharedNamespace> shared;
    std::vector<IdMapRow> uid_map, gid_map;  // empty: no user namespace
    std::string time_offsets;  // for /proc/PID/timens_offsets; empty: the host's clocks
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("fresh", self.fresh);
        visit("cgroup", self.cgroup);
        visit("shared", self.shared);
        visit("uid_map", self.uid_map);
        visit("gid_map", self.gid_map);
        visit("time_offsets", self.time_offsets);
    }
};

// Stands in the place of a controller for the files that every v2 group has (cgroup-v2.rst, "Core
// Interface Files").
inline constexpr const char* kCgroupCore = "cgroup";

// A value that is written to a file of the container's outer group.
struct GroupLimit {
    std::string controller;  // selects the hierarchy; or kCgroupCore
    std::string file, value;
    std::string alternative;  // file to write where the kernel has no `file`; may be empty
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("controller", self.controller);
        visit("file", self.file);
        visit("value", self.value);
        visit("alternative", self.alternative);
    }
};

// Names the container's control groups.
struct Groups {
    std::vector<base::Hierarchy> hierarchies;
    std::string outer;  // limits and device rules: "/machine/lxc-PID-NAME.libvirt-lxc"
    std::string inner;  // below it; root of the container's cgroup namespace
    // Names the hierarchies (base::Hierarchy::name) in which nothing is set; there `outer` is that
    // root.
    std::vector<std::string> unlimited;
    std::string helper;  // of the supervisors
    std::vector<GroupLimit> limits;
    std::vector<base::DeviceRule> devices;  // the last one that matches decides
    bool made_by_driver = false;            // the helper waits for kGroupsMade
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("hierarchies", self.hierarchies);
        visit("outer", self.outer);
        visit("inner", self.inner);
        visit("unlimited", self.unlimited);
        visit("helper", self.helper);
        visit("limits", self.limits);
        visit("devices", self.devices);
        visit("made_by_driver", self.made_by_driver);
    }
};

// Describes a console of the container.
struct ConsolePlan {
    std::string alias;     // "console0"
    std::string log_file;  // absolute; empty: no log
    bool log_append = false;
    std::uint64_t log_limit = 2U << 20;  // bytes; a longer file is renamed to FILE.0
    bool tty = true;                     // it is a /dev/ttyN, too
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("alias", self.alias);
        visit("log_file", self.log_file);
        visit("log_append", self.log_append);
        visit("log_limit", self.log_limit);
        visit("tty", self.tty);
    }
};

// Says what follows the end of the container.
enum class EndAction : std::uint32_t { destroy, restart };

// Says what the supervisor does when the container ends, and where its files are.
struct Supervision {
    std::string uri;         // of the root, for the driver's process that a restart calls
    std::string run_folder;  // /run/lxvirt/lxc/NAME
    std::string op_lock;     // /run/lxvirt/lock/NAME.op
    std::string alive_lock;  // /run/lxvirt/lock/NAME.alive
    std::string journal, journal_lock;
    std::string log_file;                 // the helper's log lines go there
    std::string ended_file;               // tells how the last run ended
    std::string helper_path, agent_path;  // executed for a restart; the agent compiles
    bool has_hooks = false;               // libvirt's hook scripts exist
    bool autodestroy = false;             // the channel's end is the container's end
    EndAction on_poweroff = EndAction::destroy;
    EndAction on_reboot = EndAction::restart;
    EndAction on_crash = EndAction::destroy;
    bool paused = false;                 // freeze before the init's first instruction
    std::vector<std::string> end_files;  // removed with the container: its ports on networks
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("uri", self.uri);
        visit("run_folder", self.run_folder);
        visit("op_lock", self.op_lock);
        visit("alive_lock", self.alive_lock);
        visit("journal", self.journal);
        visit("journal_lock", self.journal_lock);
        visit("log_file", self.log_file);
        visit("ended_file", self.ended_file);
        visit("helper_path", self.helper_path);
        visit("agent_path", self.agent_path);
        visit("has_hooks", self.has_hooks);
        visit("autodestroy", self.autodestroy);
        visit("on_poweroff", self.on_poweroff);
        visit("on_reboot", self.on_reboot);
        visit("on_crash", self.on_crash);
        visit("paused", self.paused);
        visit("end_files", self.end_files);
    }
};

// The whole plan.
struct Plan {
    // Out of line, in plan.cc: each of the many files that have one would make its own.
    Plan();
    Plan(const Plan&);
    Plan(Plan&&) noexcept;
    Plan& operator=(const Plan&);
    Plan& operator=(Plan&&) noexcept;
    ~Plan();

    std::uint32_t version = kPlanVersion;
    std::string name, uuid;
    Supervision supervision;
    Groups groups;
    Namespaces namespaces;
    Dev dev;
    std::vector<ConsolePlan> consoles;
    std::vector<Mount> mounts;  // the root comes first; MountKind::dev is the tmpfs of `dev`
    std::vector<Link> links;
    Init init;
    Hooks hooks;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("version", self.version);
        visit("name", self.name);
        visit("uuid", self.uuid);
        visit("supervision", self.supervision);
        visit("groups", self.groups);
        visit("namespaces", self.namespaces);
        visit("dev", self.dev);
        visit("consoles", self.consoles);
        visit("mounts", self.mounts);
        visit("links", self.links);
        visit("init", self.init);
        visit("hooks", self.hooks);
    }
};

}  // namespace lxvirt::helper
