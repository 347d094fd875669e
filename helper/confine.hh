// Gives up every right of a process that reads what a container writes, for good.
#pragma once

namespace lxvirt::helper {

// Confines the calling process, which keeps its open descriptors and its memory and reaches nothing
// else: no capability, no_new_privs, a Landlock rule set that allows nothing (no file, no TCP port,
// no abstract socket and no signal, as far as the kernel's version of Landlock goes), and a seccomp
// filter of the calls that relaying needs; any other call fails with EPERM. A kernel without
// Landlock leaves the rest. Needs CAP_SETPCAP. Throws SystemError: then the process must end.
// Sources: landlock(7), seccomp(2), Documentation/userspace-api/landlock.rst.
void confine_to_relaying();

}  // namespace lxvirt::helper
