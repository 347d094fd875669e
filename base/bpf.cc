#include "base/bpf.hh"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace lxvirt::base {

int bpf(int command, bpf_attr& attributes) {
    return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

UniqueFd load_bpf(bpf_prog_type type, const std::vector<bpf_insn>& program, std::string_view name) {
    static constexpr char license[] = "GPL";
    bpf_attr load{};
    load.prog_type = type;
    load.insns = reinterpret_cast<std::uintptr_t>(program.data());
    load.insn_cnt = static_cast<std::uint32_t>(program.size());
    load.license = reinterpret_cast<std::uintptr_t>(license);
    name.copy(load.prog_name, sizeof load.prog_name - 1);
    return UniqueFd(bpf(BPF_PROG_LOAD, load));
}

}  // namespace lxvirt::base
