// Makes a container's processes in such a way that they die with the helper, whatever they do. A
// parent-death signal on the init would not hold: a change of credentials clears it (prctl(2),
// PR_SET_PDEATHSIG), and the init could clear it itself. So the helper makes a guard first:
//
//   helper --clone---> guard          PID 1 of a pid namespace that holds nothing else;
//          |                          PR_SET_PDEATHSIG is SIGKILL
//          --clone---> (short-lived)  enters the guard's namespace for its children; shares the
//                      |              helper's memory and descriptor table, so that the pidfd of
//                      |              the init lands in the helper
//                      --clone3--> init  PID 1 of a pid namespace below the guard's; CLONE_PARENT
//                                         makes it a child of the helper
//
// When the helper dies, the guard dies; and when PID 1 of a pid namespace dies, the kernel kills
// every process in that namespace and in those below it (pid_namespaces(7)).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::helper {

// Makes the guard and returns its pidfd. Throws SystemError. A process may have one guard.
[[nodiscard]] base::UniqueFd spawn_guard();

// Makes the init and returns its pidfd. Throws SystemError; to undo a part that was made, the
// caller kills the guard.
//
//   enter         namespaces to setns(2) into before the init is made, as (fd, CLONE_NEW*) pairs
//   flags         CLONE_NEW* of the init; CLONE_NEWPID is added
//   group         the v2 group that the init is born in; may be invalid
//   time_offsets  lines for /proc/PID/timens_offsets (time_namespaces(7)); may be empty
//   child         runs in the init and must not return
[[nodiscard]] base::UniqueFd spawn_init(base::Fd guard,
                                        const std::vector<std::pair<base::UniqueFd, int>>& enter,
                                        std::uint64_t flags, base::Fd group,
                                        const std::string& time_offsets,
                                        const std::function<void()>& child);

}  // namespace lxvirt::helper
