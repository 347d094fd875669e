// The part of the launch plan (helper/plan.hh) that is the container's first process, and the
// hooks. Include that one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "helper/plan_value.hh"

namespace lxvirt::helper {

struct Rlimit {
    std::uint32_t resource = 0;  // RLIMIT_*
    std::uint64_t soft = 0, hard = 0;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("resource", self.resource);
        visit("soft", self.soft);
        visit("hard", self.hard);
    }
};

struct Init {
    std::vector<std::string> argv;  // argv[0] is the path
    std::vector<std::string> environment;
    std::string folder;
    std::string user, group;  // name, id or "+id", looked up inside
    std::string hostname;
    bool loopback = true;                // raise lo
    bool controlling_terminal = true;    // the first console; real inits hand it to their getty
    std::uint64_t capabilities = ~0ULL;  // what the bounding set keeps
    std::string seccomp;                 // sock_filter records; empty = none
    std::vector<Rlimit> rlimits;
    std::vector<std::uint32_t> groups;  // supplementary, beside those of the user
    bool no_new_privs = false;
    bool session_keyring = true;   // one of its own, instead of the supervisor's
    bool core_scheduling = false;  // a cookie of its own: PR_SCHED_CORE
    // Written before the init is executed, into its attributes in /proc (proc_pid_attr(5)).
    std::string apparmor, selinux;
    std::vector<KeyValue> proc;     // files of /proc/PID, written by the helper
    std::vector<KeyValue> sysctls;  // below /proc/sys of the container's namespaces
    std::uint32_t personality = 0;  // PER_LINUX32 for a 32-bit arch
    bool personality_set = false;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("argv", self.argv);
        visit("environment", self.environment);
        visit("folder", self.folder);
        visit("user", self.user);
        visit("group", self.group);
        visit("hostname", self.hostname);
        visit("loopback", self.loopback);
        visit("controlling_terminal", self.controlling_terminal);
        visit("capabilities", self.capabilities);
        visit("seccomp", self.seccomp);
        visit("rlimits", self.rlimits);
        visit("groups", self.groups);
        visit("no_new_privs", self.no_new_privs);
        visit("session_keyring", self.session_keyring);
        visit("core_scheduling", self.core_scheduling);
        visit("apparmor", self.apparmor);
        visit("selinux", self.selinux);
        visit("proc", self.proc);
        visit("sysctls", self.sysctls);
        visit("personality", self.personality);
        visit("personality_set", self.personality_set);
    }
};

// A command that runs at a moment of the container's life (lxc.container.conf(5), "CONTAINER
// HOOKS").
struct Hook {
    std::string section;  // "lxc", or "net" for what is about one link
    std::string type;     // "pre-mount"; of a link "up" or "down"
    std::string command;
    std::vector<std::string> arguments;  // net: kind, bridge or device below, the host's end
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("section", self.section);
        visit("type", self.type);
        visit("command", self.command);
        visit("arguments", self.arguments);
    }
};

struct Hooks {
    std::vector<Hook> all;
    std::string name;                      // the domain's
    std::uint32_t version = 0;             // 1: what they are told stands in their environment
    std::vector<std::string> environment;  // of every hook
    std::vector<std::string> inner_environment;  // besides, of those in the container's namespaces
    std::string stage;        // where the root stands for them before it becomes the root
    std::uint64_t limit = 0;  // seconds for each, then it is killed
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("all", self.all);
        visit("name", self.name);
        visit("version", self.version);
        visit("environment", self.environment);
        visit("inner_environment", self.inner_environment);
        visit("stage", self.stage);
        visit("limit", self.limit);
    }
};

}  // namespace lxvirt::helper
