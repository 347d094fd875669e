// The birth of a container's processes, so that they die with the helper whatever they do (design,
// hard part 1). PDEATHSIG on the init would not hold: a change of credentials clears it and the
// init can.
//
//   helper --clone--> guard            PID 1 of a pid namespace that holds nothing else;
//   PDEATHSIG=KILL
//          --clone--> (short-lived)    in the guard's namespace; shares memory and files, so the
//          init's
//                        --clone3-->   pidfd lands in the helper: CLONE_PARENT makes the init its
//                        child
//                                init  PID 1 of a namespace nested below the guard's
//
// When the helper dies the guard dies, and the kernel kills every process in and below its
// namespace.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::helper {

[[nodiscard]] base::UniqueFd spawn_guard();  // its pidfd

// The pidfd of the init. `enter`: namespaces to setns() into before the init is made, as (fd,
// CLONE_NEW*) pairs. `flags`: the init's CLONE_NEW*; pid is added. `group`: a v2 group to be born
// in, or invalid. `time_offsets`: lines for /proc/PID/timens_offsets, or empty. `child` runs in the
// init and must not return. Throws SystemError; the caller kills the guard to undo.

[[nodiscard]] base::UniqueFd spawn_init(base::Fd guard,
                                        const std::vector<std::pair<base::UniqueFd, int>>& enter,
                                        std::uint64_t flags, base::Fd group,
                                        const std::string& time_offsets,
                                        const std::function<void()>& child);

}  // namespace lxvirt::helper
