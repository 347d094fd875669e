// The part of the launch plan about the container's first process and the hooks. Include
// helper/exchange/plan.hh instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "helper/exchange/plan_value.hh"

namespace lxvirt::helper {

// A resource limit (setrlimit(2)).
struct Rlimit {
    std::uint32_t resource = 0;        // RLIMIT_*
    std::uint64_t soft = 0, hard = 0;  // ~0: RLIM_INFINITY
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("resource", self.resource);
        visit("soft", self.soft);
        visit("hard", self.hard);
    }
};

// Describes the init: what it executes, as whom, and with which rights.
struct Init {
    std::vector<std::string> argv;         // argv[0] is the path
    std::vector<std::string> environment;  // "NAME=VALUE"
    std::string folder;                    // working folder; empty: "/"
    std::string user, group;               // name, id or "+id", looked up in the container
    std::string hostname;                  // set where the uts namespace is the container's own
    bool loopback = true;                  // bring up "lo"
    bool controlling_terminal = true;      // the first console; real inits hand it to their getty
    std::uint64_t capabilities = ~0ULL;    // kept in the bounding set; bit N: capability N
    std::string seccomp;                   // sock_filter records; empty: no filter
    std::vector<Rlimit> rlimits;
    std::vector<std::uint32_t> groups;  // supplementary, besides those of `user`
    bool no_new_privs = false;
    bool session_keyring = true;   // joins one of its own in place of the supervisor's
    bool core_scheduling = false;  // gets a cookie of its own (PR_SCHED_CORE)
    // The labels that the security modules give the init at its exec (proc_pid_attr(5)); empty:
    // none.
    std::string apparmor, selinux;
    bool own_profile = false;       // `apparmor` is lxvirt's own, and is removed with the container
    std::vector<KeyValue> proc;     // files of /proc/PID, written by the helper: "oom_score_adj"
    std::vector<KeyValue> sysctls;  // below /proc/sys of the container's namespaces
    std::uint32_t personality = 0;  // PER_LINUX32 for a 32-bit <arch>
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
        visit("own_profile", self.own_profile);
        visit("proc", self.proc);
        visit("sysctls", self.sysctls);
        visit("personality", self.personality);
        visit("personality_set", self.personality_set);
    }
};

// A command that runs at a moment of the container's life (lxc.container.conf(5), "CONTAINER
// HOOKS").
struct Hook {
    std::string section;  // "lxc", or "net" for a hook of one link
    std::string type;     // "pre-mount"; for a link "up" or "down"
    std::string command;
    std::vector<std::string> arguments;  // net: kind, bridge or device below, host's end
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("section", self.section);
        visit("type", self.type);
        visit("command", self.command);
        visit("arguments", self.arguments);
    }
};

// Holds the hooks of a container, and what all of them get.
struct Hooks {
    std::vector<Hook> all;
    std::string name;           // of the domain
    std::uint32_t version = 0;  // lxc.hook.version; 1: facts are passed in the environment
    std::vector<std::string> environment;        // for every hook
    std::vector<std::string> inner_environment;  // besides, inside the container
    std::string stage;        // folder where the root is attached before it becomes "/"
    std::uint64_t limit = 0;  // seconds that each hook may take
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
