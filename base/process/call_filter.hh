// A seccomp filter of system calls for lxvirt's own processes, written as a BPF program: the static
// programs do without libseccomp, which makes the filters of containers (base/process/seccomp.hh).
// Sources: seccomp(2), Documentation/userspace-api/seccomp_filter.rst.
#pragma once

#include <linux/filter.h>

#include <cerrno>
#include <cstdint>
#include <vector>

namespace lxvirt::base {

// What becomes of a call: it is made, or it fails with an error number.
struct CallVerdict {
    std::uint32_t action;  // SECCOMP_RET_*
    static CallVerdict allow();
    static CallVerdict refuse(int error = EPERM);
};

// The first rule that fits a call decides; finish() says what becomes of a call that none fits. A
// call of another architecture's numbers (32-bit) kills the process, and one of the x32 numbers is
// refused.
class CallFilter {
  public:
    CallFilter();
    void add(std::uint32_t call, CallVerdict verdict);
    // Fits where argument number `argument` (from 0), its low 32 bits masked by `mask`, is `value`.
    void add_if(std::uint32_t call, unsigned argument, std::uint32_t mask, std::uint32_t value,
                CallVerdict verdict);
    // Fits where the masked argument is another value.
    void add_unless(std::uint32_t call, unsigned argument, std::uint32_t mask, std::uint32_t value,
                    CallVerdict verdict);
    // Puts the filter into effect on the calling thread and its children, for good. Needs
    // no_new_privs or CAP_SYS_ADMIN. `whose` names the process in errors. Throws SystemError.
    void finish(CallVerdict others, const char* whose);

  private:
    void add_compared(std::uint32_t call, unsigned argument, std::uint32_t mask,
                      std::uint32_t value, bool equal, CallVerdict verdict);
    std::vector<sock_filter> program_;
};

}  // namespace lxvirt::base
