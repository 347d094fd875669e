// lxc_enter runs one program in a running container, for `lxsh lxc-enter-namespace`. It is
// lxc_helper's program with another first argument, executed from the same kind of read-only clone.
//
// The work takes three processes, so that no process that a container can name ever has more rights
// than the container:
//
//   lxc_enter  stays outside; it waits for the end of the program, and for the end of the driver,
//              at which it kills the program
//   (no name)  a child of lxc_enter without a pid in the container's pid namespace; it enters the
//              groups and namespaces, and gives up all rights that the program is not to have
//              (enter_inside.cc)
//   program    made last by that child, with CLONE_PARENT, so that lxc_enter is its parent; it has
//              the program's rights and no more before it executes the program
#pragma once

#include "base/fd.hh"
#include "helper/exchange/enter_plan.hh"

namespace lxvirt::helper {

// The main program of lxc_enter; returns its exit status.
[[nodiscard]] int enter_main();

// --- enter_inside.cc

// The needs of the process in between.
struct EnterContext {
    const EnterPlan& plan;
    base::Fd init;  // pidfd of the container's init
    pid_t init_pid = 0;
    base::Fd sync;   // the other end is lxc_enter's
    pid_t& program;  // in memory shared with lxc_enter; set before the report
};

// Runs in the process in between. Reports EnterPhase::inside once the program exists, or
// EnterPhase::failed. The program then waits for the word kExec (helper/exchange/sync.hh); where it cannot
// be executed it reports EnterPhase::failed, and a successful exec closes its end of `sync`.
[[noreturn]] void enter_container(const EnterContext& context) noexcept;

// Sends one report as one message. Throws SystemError.
void send_report(base::Fd socket, const EnterReport& report);

}  // namespace lxvirt::helper
