// Landlock: what a process gives up of its access to files, for itself and all its children, for
// good. Sources: landlock(7), Documentation/userspace-api/landlock.rst.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

// Rights of files, with the bits of LANDLOCK_ACCESS_FS_*; the headers of the build may be older
// than the kernel.
enum FileRight : std::uint64_t {
    kExecuteFile = 1ULL << 0,
    kWriteFile = 1ULL << 1,
    kReadFile = 1ULL << 2,
    kReadFolder = 1ULL << 3,
    kMakeRegular = 1ULL << 8,
    kTruncateFile = 1ULL << 14,
};

// Whether a rule set also takes TCP ports, abstract sockets and signals to processes outside of it.
enum class BeyondFiles { keep, forbid };

// A rule set: everything is forbidden that the kernel's version of Landlock knows, but for what
// allow() names. On a kernel without Landlock, or with it switched off, it does nothing.
class Landlock {
  public:
    // Throws SystemError.
    explicit Landlock(BeyondFiles beyond);
    // Allows `rights` on the file or below the folder that `place` is open on (O_PATH suffices).
    // Rights that the kernel's version does not know are left out. `shown` names the place in
    // errors. Throws SystemError.
    void allow(Fd place, std::uint64_t rights, const std::string& shown);
    // Restricts the calling thread. Needs no_new_privs or CAP_SYS_ADMIN. Throws SystemError.
    void restrict_self();

  private:
    std::uint64_t files_ = 0;  // the rights that the kernel knows
    UniqueFd rules_;           // invalid: the kernel has no Landlock
};

}  // namespace lxvirt::base
