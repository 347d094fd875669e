// The system call bpf(2), which the C library does not wrap.
#pragma once

#include <linux/bpf.h>

#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Calls bpf(2). Returns -1 with errno set on failure.
int bpf(int command, bpf_attr& attributes);

// Loads a program of a type (BPF_PROG_TYPE_*) that has no maps; the kernel shows at most 15 bytes of
// `name`. Returns an invalid descriptor with errno set on failure.
[[nodiscard]] UniqueFd load_bpf(bpf_prog_type type, const std::vector<bpf_insn>& program,
                                std::string_view name);

}  // namespace lxvirt::base
