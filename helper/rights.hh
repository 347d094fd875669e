// What the programs of a container may, as the plan's Init has it: one function per step, for the
// init (child.cc) and for whoever enters the container later (enter_inside.cc), so that the two are
// never unlike. Each is called in the process that is to become the program, before its exec.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/identity.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

// Of whichever user namespace this process is in, without supplementary groups.
void become_inner_root();

// Still as the host's root, whose quota of keys the keyring is to count to, and before a filter
// denies the call. The supervisor's keyring stays the supervisor's; what a container puts into its
// own goes with it, reboots included. A kernel without keys has none.
void join_keyring(const Init& init);

// Documentation/admin-guide/hw-vuln/core-scheduling.rst: inherited by all that the init forks.
void share_cores(const Init& init);
// With the cookie that the init has.
void share_cores_with(const Init& init, pid_t init_pid);

// Resource limits and the personality.
void set_limits(const Init& init);

void take_groups(const Identity& identity);

// Needs CAP_SYS_ADMIN. Nothing where `program` is empty.
void load_seccomp(const std::string& program);

// The attribute of this process that names the label of its next program, or of the next one of a
// child of its; opened while /proc is still the host's. Nothing where none is asked for.
[[nodiscard]] base::UniqueFd open_label(const Init& init);
// `file` may be not valid.
void write_label(base::Fd file, const Init& init);

void give_up_new_privileges(const Init& init);

// The texts as execve(2) takes them, which they outlive.
[[nodiscard]] std::vector<char*> pointers(const std::vector<std::string>& texts);

}  // namespace lxvirt::helper
