// Sets what the programs of a container may do, as Init in the plan says: one function for each
// step, used by the init (child.cc) and by programs that enter later (enter_inside.cc), so that
// both get the same rights. Each function is called in the process that is to become the program,
// before its exec, and throws SystemError.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/exchange/plan.hh"
#include "helper/identity.hh"

namespace lxvirt::helper {

// Gives the container a session keyring of its own (keyrings(7)), which goes with the container,
// reboots included; the supervisor's keyring stays the supervisor's. Call this while still the
// host's root, to whose quota the keyring counts, and before a filter that denies the call. Does
// nothing on a kernel without keys.
void join_keyring(const Init& init);

// Gives the container a core scheduling cookie of its own
// (Documentation/admin-guide/hw-vuln/core-scheduling.rst), which all its processes inherit.
void share_cores(const Init& init);
// Takes over the cookie of the container's init.
void share_cores_with(const Init& init, pid_t init_pid);

// Raises the hard limits of this process, the supervisor, to those that the init is to get: root of
// a user namespace cannot raise one above those that it inherits. Throws SystemError where the host
// withholds CAP_SYS_RESOURCE and the limit is above this process's.
void raise_hard_limits(const Init& init);
// Sets resource limits and the personality.
void set_limits(const Init& init);

// Sets the group and the supplementary groups.
void take_groups(const Identity& identity);

// Loads a filter of sock_filter records; does nothing where `program` is empty. Without
// no_new_privs this needs CAP_SYS_ADMIN (seccomp(2)).
void load_seccomp(const std::string& program);

// Opens the attribute of this process that names the security label for its next execve(2), also
// for one in a child; must be called while /proc is the host's. Returns an invalid descriptor where
// the plan has no label.
[[nodiscard]] base::UniqueFd open_label(const Init& init);
// Writes the label to that attribute; `file` may be invalid.
void write_label(base::Fd file, const Init& init);

// Sets no_new_privs where the plan wants it.
void give_up_new_privileges(const Init& init);

// Returns the array that execve(2) takes. The array borrows from `texts`.
[[nodiscard]] std::vector<char*> pointers(const std::vector<std::string>& texts);

}  // namespace lxvirt::helper
