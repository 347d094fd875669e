// The launch plan: everything lxc_helper needs to make one container, as plain data. The driver
// compiles it from the domain, `lxsh plan` prints it, unit tests read it, the helper carries it out
// and knows no XML. Sections stand in the order in which they are carried out; inside a section the
// order counts.
//
// Host paths are absolute. Paths inside the container are absolute there. Every name that the
// helper will make on the host (groups, links) is in here, chosen and written down before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_filter.hh"
#include "helper/plan_init.hh"
#include "helper/plan_links.hh"
#include "helper/plan_mounts.hh"

namespace lxvirt::helper {

struct IdMapRow {
    std::uint32_t inside = 0, outside = 0, count = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("inside", self.inside);
        visit("outside", self.outside);
        visit("count", self.count);
    }
};

// A namespace that is entered instead of made.
struct SharedNamespace {
    std::uint32_t kind = 0;  // CLONE_NEWNET, CLONE_NEWIPC or CLONE_NEWUTS
    std::string path;        // "/proc/PID/ns/net", "/run/netns/NAME"
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("kind", self.kind);
        visit("path", self.path);
    }
};

struct Namespaces {
    std::uint32_t fresh = 0;  // CLONE_NEW* made with the init; pid and mount always
    bool cgroup = true;       // unshared by the init once it is in its groups
    std::vector<SharedNamespace> shared;
    std::vector<IdMapRow> uid_map, gid_map;  // empty = no user namespace
    std::string time_offsets;  // lines for /proc/PID/timens_offsets; empty = the host's clocks
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

// A value written into a file of the container's outer group.
struct GroupLimit {
    std::string controller;  // decides the hierarchy
    std::string file, value;
    std::string alternative;  // the file of kernels that have no `file`; may be empty
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("controller", self.controller);
        visit("file", self.file);
        visit("value", self.value);
        visit("alternative", self.alternative);
    }
};

struct Groups {
    std::vector<base::Hierarchy> hierarchies;
    std::string outer;  // "/machine/lxc-PID-NAME.libvirt-lxc": limits and device rules
    std::string inner;  // below it: the root of the container's cgroup namespace
    // Hierarchies (base::Hierarchy::name) in which nothing is set: `outer` is that root there.
    std::vector<std::string> unlimited;
    std::string helper;  // the group of the supervisors themselves
    std::vector<GroupLimit> limits;
    std::vector<base::DeviceRule> devices;
    bool made_by_driver = false;  // while the helper prepares the rest; it waits for a word
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

struct ConsolePlan {
    std::string alias;     // "console0"
    std::string log_file;  // absolute; empty = none
    bool log_append = false;
    std::uint64_t log_limit = 2U << 20;  // bytes before it is rotated to FILE.0
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("alias", self.alias);
        visit("log_file", self.log_file);
        visit("log_append", self.log_append);
        visit("log_limit", self.log_limit);
    }
};

enum class EndAction : std::uint32_t { destroy, restart };

// What the supervisor does when the container ends, and where it keeps its facts.
struct Supervision {
    std::string uri;         // of the root, for the driver process that a restart calls
    std::string run_folder;  // /run/lxvirt/lxc/NAME
    std::string op_lock;     // /run/lxvirt/lock/NAME.op
    std::string alive_lock;  // /run/lxvirt/lock/NAME.alive
    std::string journal, journal_lock;
    std::string log_file;                 // what the helper has to say
    std::string ended_file;               // how the last run ended
    std::string helper_path, agent_path;  // what a restart executes, and what compiles its plan
    bool has_hooks = false;
    bool autodestroy = false;  // the channel's end is the container's end
    EndAction on_poweroff = EndAction::destroy;
    EndAction on_reboot = EndAction::restart;
    EndAction on_crash = EndAction::destroy;
    bool paused = false;                 // freeze before the init's first instruction
    std::vector<std::string> end_files;  // that go with the container: its ports on networks
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
    std::vector<Mount> mounts;  // the root first; MountKind::dev is the tmpfs of `dev`
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
