// One launch: from a plan to a container whose init waits for its exec, then runs. launch() is
// called by main() with the alive lock held and returns what the supervisor goes on with; if it
// throws, nothing it made is left. `image` is the clone that the helper was executed from, or not
// valid; `channel` leads to whoever starts it: over it comes the word that the groups are there,
// where the driver makes them, and its hang-up ends a hook that runs.
//
// Order (design, "Start, step by step" and hard parts 1, 6 and 7): everything that can be made
// detached (the /dev tmpfs, devpts, host trees, loop devices), guard, groups, init, then what needs
// the init's namespaces (id maps, id-mapped mounts, links); meanwhile the init sets itself up.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "base/process/pty.hh"
#include "helper/hooks.hh"
#include "helper/plan.hh"
#include "helper/protocol.hh"

namespace lxvirt::helper {

struct ConsoleEnds {
    std::string alias;
    base::Pty container;    // what the container sees as /dev/console, /dev/tty1 ...
    base::Pty host;         // what `ttyconsole` names
    std::string host_path;  // "/dev/pts/3"
};

// A loop device stays attached while somebody has it open.
struct KeptLoop {
    HeldLoop what;
    base::UniqueFd fd;
};

struct Launched {
    base::UniqueFd init;                      // pidfd
    base::UniqueFd guard;                     // pidfd
    pid_t init_pid = 0;                       // in the host's pid namespace
    std::optional<std::uint64_t> init_start;  // its start time, see base/process/process.hh
    base::UniqueFd listener;                  // the control socket
    std::uint64_t dev = 0;                    // st_dev of /dev
    std::vector<ConsoleEnds> consoles;
    std::vector<KeptLoop> loops;
    // Kept for the hooks that run after its end: "mnt" ...; none where there are no hooks.
    std::vector<std::pair<std::string, base::UniqueFd>> namespaces;
};

[[nodiscard]] Launched launch(const Plan& plan, base::Fd image, base::Fd channel);

// What the hooks after the container's end are told of it, and where their output goes.
[[nodiscard]] HookMoment end_moment(const Plan& plan, const Launched& launched);

// Takes the container away: kills it by guard and group, waits, removes the groups. What could not
// be done is told in the result; nothing throws, as this is also the undo of a failed launch.
[[nodiscard]] std::vector<std::string> remove_container(const Plan& plan, base::Fd guard,
                                                        base::Fd init);

}  // namespace lxvirt::helper
