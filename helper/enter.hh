// lxc_enter: runs one program in a running container, for `lxsh lxc-enter-namespace`. Another way
// to begin lxc_helper's program, executed from the same read-only clone.
//
// Three processes, so that nothing that a container can name ever has more than the container:
//
//   lxc_enter  stays outside. Waits for the program's end and for the driver's, which is the
//              program's end, too.
//   (no name)  its child, with no number in the container's pid namespace: enters the groups and
//              the namespaces and gives up what the program is not to have (enter_inside.cc).
//   program    made by that one last of all (CLONE_PARENT: lxc_enter is its parent), with what the
//              program may have and no more, before it executes it.
#pragma once

#include "base/fd.hh"
#include "helper/enter_plan.hh"

namespace lxvirt::helper {

// The main program; its exit status.
[[nodiscard]] int enter_main();

// --- enter_inside.cc

struct EnterContext {
    const EnterPlan& plan;
    base::Fd init;  // pidfd
    pid_t init_pid = 0;
    base::Fd sync;   // the other end is lxc_enter's
    pid_t& program;  // in memory that is shared with lxc_enter: set before the report
};

// In the process in between. Reports `inside` by the program, or `failed`; the program waits for
// the word kExec (helper/sync.hh), and reports `failed` where it cannot be executed: the end of
// the stream without a word is its exec.
[[noreturn]] void enter_container(const EnterContext& context) noexcept;

void send_report(base::Fd socket, const EnterReport& report);

}  // namespace lxvirt::helper
