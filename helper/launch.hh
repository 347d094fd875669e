// One launch: from a plan to a container whose init waits for its exec, then runs.
//
// The order of the steps follows from what each needs. First everything is made that can be made
// detached: the tmpfs for /dev, devpts, copies of the host's trees, loop devices. Then come the
// guard, the control groups (made by the driver meanwhile, where it can) and the init. Then comes
// what needs the init's namespaces, id maps, id-mapped mounts and links, while the init sets itself
// up in parallel. Last, init and helper agree, and the init executes its program.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "base/process/pty.hh"
#include "helper/exchange/plan.hh"
#include "helper/exchange/protocol.hh"
#include "helper/objects/hooks.hh"

namespace lxvirt::helper {

// A console's two ptys; the slaves are not held open.
struct ConsoleEnds {
    std::string alias;
    base::Pty container;    // the container's /dev/console, /dev/tty1 ...
    base::Pty host;         // `ttyconsole` prints its path
    std::string host_path;  // "/dev/pts/3"
};

// Keeps a loop device attached as long as `fd` is open.
struct KeptLoop {
    HeldLoop what;
    base::UniqueFd fd;
};

// A started container: what the supervisor takes over.
struct Launched {
    base::UniqueFd init;                      // pidfd
    base::UniqueFd guard;                     // pidfd
    pid_t init_pid = 0;                       // in the host's pid namespace
    std::optional<std::uint64_t> init_start;  // see start_time() in base/process/process.hh
    base::UniqueFd listener;                  // the control socket
    base::UniqueFd dev;                       // the tmpfs of /dev (helper/objects/inner_dev.hh)
    std::uint64_t dev_number = 0;             // st_dev of it
    base::UniqueFd quiet;                     // see MountKind::quiet; readers wait while it is open
    std::vector<ConsoleEnds> consoles;
    std::vector<KeptLoop> loops;
    // The devices of the host that are in the container, and its network namespace, which lives until
    // they are given back; invalid without such devices.
    std::vector<MovedLink> moved_links;
    base::UniqueFd network;
    // Holds the namespaces open for hooks that run after the container's end, each with its name
    // ("mnt"); empty without such hooks.
    std::vector<std::pair<std::string, base::UniqueFd>> namespaces;
};

// Starts the container; called with the alive lock held. `image` is the clone of the mount that the
// helper was executed from, or invalid. `channel` leads to the process that starts the container:
// the word that the groups exist comes over it where the driver makes them, and its hang-up ends a
// running hook. If launch() throws, nothing that it made is left.
[[nodiscard]] Launched launch(const Plan& plan, base::Fd image, base::Fd channel);

// Returns what the hooks after the container's end get to know, and where their output goes.
[[nodiscard]] HookMoment end_moment(const Plan& plan, const Launched& launched);

// Gives the host's network devices back, and lets go of the network namespace. Returns a sentence for
// each that could not be given back.
[[nodiscard]] std::vector<std::string> give_back_links(const Plan& plan, Launched& launched);

// Removes the container: kills it through guard and group, waits, and removes the groups. Never
// throws, since this is also the undo of a failed launch; returns one sentence for each thing that
// could not be done.
[[nodiscard]] std::vector<std::string> remove_container(const Plan& plan, base::Fd guard,
                                                        base::Fd init);

}  // namespace lxvirt::helper
