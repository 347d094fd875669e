#include "base/process/call_filter.hh"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "base/error.hh"

namespace lxvirt::base {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#else
#error "base/process/call_filter.cc: add this architecture's AUDIT_ARCH_ constant (linux/audit.h)"
#endif

constexpr std::uint32_t kX32 = 0x40000000;  // __X32_SYSCALL_BIT; no other architecture has it

sock_filter statement(std::uint16_t code, std::uint32_t value) {
    return {code, 0, 0, value};
}

sock_filter jump(std::uint16_t code, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return {code, yes, no, value};
}

sock_filter load(std::size_t offset) {
    return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

sock_filter give(CallVerdict verdict) {
    return statement(BPF_RET | BPF_K, verdict.action);
}

}  // namespace

CallVerdict CallVerdict::allow() {
    return {SECCOMP_RET_ALLOW};
}

CallVerdict CallVerdict::refuse(int error) {
    return {SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)};
}

CallFilter::CallFilter() {
    program_.push_back(load(offsetof(seccomp_data, arch)));
    program_.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    program_.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    program_.push_back(load(offsetof(seccomp_data, nr)));
    program_.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1));
    program_.push_back(give(CallVerdict::refuse()));
}

void CallFilter::add(std::uint32_t call, CallVerdict verdict) {
    program_.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    program_.push_back(give(verdict));
}

// The byte order of seccomp_data is the machine's; the machines above are little-endian, so the low
// half of an argument comes first.
void CallFilter::add_compared(std::uint32_t call, unsigned argument, std::uint32_t mask,
                              std::uint32_t value, bool equal, CallVerdict verdict) {
    program_.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 5));
    program_.push_back(load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t)));
    program_.push_back(statement(BPF_ALU | BPF_AND | BPF_K, mask));
    program_.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, value, equal ? 0 : 1, equal ? 1 : 0));
    program_.push_back(give(verdict));
    // The accumulator holds the argument now, if the call was this one.
    program_.push_back(load(offsetof(seccomp_data, nr)));
}

void CallFilter::add_if(std::uint32_t call, unsigned argument, std::uint32_t mask,
                        std::uint32_t value, CallVerdict verdict) {
    add_compared(call, argument, mask, value, true, verdict);
}

void CallFilter::add_unless(std::uint32_t call, unsigned argument, std::uint32_t mask,
                            std::uint32_t value, CallVerdict verdict) {
    add_compared(call, argument, mask, value, false, verdict);
}

void CallFilter::finish(CallVerdict others, const char* whose) {
    program_.push_back(give(others));
    const sock_fprog filter{static_cast<unsigned short>(program_.size()), program_.data()};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
        fail_errno("filter the system calls of {}", whose);
}

}  // namespace lxvirt::base
