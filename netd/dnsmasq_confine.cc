#include "netd/dnsmasq_confine.hh"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/call_filter.hh"
#include "base/process/landlock.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::netd {

namespace {

using base::CallVerdict;

// Calls that dnsmasq has no use for and that lead out of it.
constexpr std::uint32_t kRefused[] = {
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_pidfd_open,
    SYS_kcmp,
    SYS_mount,
    SYS_umount2,
    SYS_fsopen,
    SYS_fsmount,
    SYS_fspick,
    SYS_fsconfig,
    SYS_open_tree,
    SYS_move_mount,
    SYS_mount_setattr,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_quotactl,
    SYS_execveat,
    SYS_mknodat,
    SYS_memfd_create,
    SYS_personality,
    SYS_syslog,
    SYS_fanotify_init,
#if defined(__x86_64__)
    SYS_mknod,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_kexec_file_load,
#endif
};

constexpr std::uint32_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                      CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

// A socket of a family that no rule fits is refused by the last rule for socket(2).
void filter_sockets(base::CallFilter& filter) {
    for (const std::uint32_t family : {AF_INET, AF_INET6, AF_UNIX})
        filter.add_if(SYS_socket, 0, ~0U, family, CallVerdict::allow());
    filter.add_unless(SYS_socket, 0, ~0U, AF_NETLINK, CallVerdict::refuse(EAFNOSUPPORT));
    filter.add_unless(SYS_socket, 2, ~0U, NETLINK_ROUTE, CallVerdict::refuse(EPROTONOSUPPORT));
}

void filter_calls() {
    base::CallFilter filter;
    for (const std::uint32_t call : kRefused) filter.add(call, CallVerdict::refuse());
    filter_sockets(filter);
    filter.add_unless(SYS_clone, 0, kNamespaces, 0, CallVerdict::refuse());
    // The flags of clone3(2) are in memory, where no filter looks; the C library then uses clone(2).
    filter.add(SYS_clone3, CallVerdict::refuse(ENOSYS));
    filter.finish(CallVerdict::allow(), "dnsmasq");
}

void read_at(base::Fd file, void* data, std::size_t size, ElfW(Off) offset,
             const std::string& shown) {
    const ssize_t got = base::uninterrupted(
        [&] { return ::pread(file.get(), data, size, static_cast<off_t>(offset)); });
    if (got < 0) base::fail_errno("read '{}'", shown);
    // What is missing is left as zeros, which name nothing.
}

// Returns the program that the kernel executes along with an ELF program (PT_INTERP; elf(5)), "" for
// a static one, and nothing where `program` is no ELF program of this machine's word size.
std::optional<std::string> interpreter_of(const std::string& program) {
    const base::UniqueFd file = base::open_regular(program, O_RDONLY);
    ElfW(Ehdr) header{};
    read_at(file, &header, sizeof header, 0, program);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_phentsize != sizeof(ElfW(Phdr)))
        return std::nullopt;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        ElfW(Phdr) part{};
        read_at(file, &part, sizeof part, header.e_phoff + i * sizeof part, program);
        if (part.p_type != PT_INTERP) continue;
        char path[PATH_MAX] = {};
        read_at(file, path, std::min<std::size_t>(part.p_filesz, sizeof path - 1), part.p_offset,
                program);
        return path;
    }
    return "";
}

base::UniqueFd place(const std::string& path) {
    return base::open_file(path, O_PATH);
}

void forbid_files(const std::string& program, const std::string& folder) {
    base::Landlock rules(base::BeyondFiles::keep);
    rules.allow(place("/"), base::kReadFile | base::kReadFolder, "/");
    rules.allow(place(folder), base::kWriteFile | base::kMakeRegular | base::kTruncateFile, folder);
    rules.allow(place("/dev/null"), base::kWriteFile | base::kTruncateFile, "/dev/null");
    rules.allow(place(program), base::kExecuteFile, program);
    // A script needs whatever it is written for.
    const std::string interpreter = interpreter_of(program).value_or("/");
    if (!interpreter.empty()) rules.allow(place(interpreter), base::kExecuteFile, interpreter);
    rules.restrict_self();
}

}  // namespace

void confine_dnsmasq(const std::string& program, const std::string& folder) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        base::fail_errno("set no_new_privs for dnsmasq");
    forbid_files(program, folder);
    filter_calls();
}

}  // namespace lxvirt::netd
