// Takes a running process over, as a hole in it would: `takeover PID HOST_PID FOLDER` makes the
// process PID call the kernel (ptrace(2)) and prints a line for each try, "ATTEMPT ok" or "ATTEMPT
// ENAME". HOST_PID is a process to attack, FOLDER a folder with a file `file` and a socket `socket`.
// tests/system/supervisor_test.py and network_faults_test.py say what is expected. x86-64 only.
#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

#if defined(__x86_64__)

// A stopped process whose registers and stack are ours for a while.
class Victim {
  public:
    explicit Victim(pid_t pid) : pid_(pid) {
        if (::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) != 0) die("attach");
        wait();
        if (::ptrace(PTRACE_GETREGS, pid, nullptr, &saved_) != 0) die("read the registers");
    }
    ~Victim() {
        (void)::ptrace(PTRACE_SETREGS, pid_, nullptr, &saved_);
        (void)::ptrace(PTRACE_DETACH, pid_, nullptr, held_back_);
    }
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;

    // Puts bytes below the victim's stack, and returns their address.
    unsigned long long put(const void* bytes, std::size_t size) const {
        const unsigned long long address = (saved_.rsp - 4096) & ~15ULL;
        const iovec from{const_cast<void*>(bytes), size};
        const iovec to{reinterpret_cast<void*>(address), size};
        if (::process_vm_writev(pid_, &from, 1, &to, 1, 0) < 0) die("write to the victim");
        return address;
    }

    // Makes the victim call the kernel. It waits in a system call, so the instruction before its
    // next one is `syscall`.
    long call(long number, unsigned long long a = 0, unsigned long long b = 0,
              unsigned long long c = 0, unsigned long long d = 0) {
        user_regs_struct registers = saved_;
        registers.rip -= 2;
        registers.rax = static_cast<unsigned long long>(number);
        registers.orig_rax = ~0ULL;
        registers.rdi = a;
        registers.rsi = b;
        registers.rdx = c;
        registers.r10 = d;
        registers.r8 = registers.r9 = 0;
        if (::ptrace(PTRACE_SETREGS, pid_, nullptr, &registers) != 0) die("set the registers");
        // A signal, of a child's end for instance, comes before the step; it is handed on at the end.
        do {
            if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) die("step");
            wait();
            if (signal_ != SIGTRAP) held_back_ = signal_;
        } while (signal_ != SIGTRAP);
        if (::ptrace(PTRACE_GETREGS, pid_, nullptr, &registers) != 0) die("read the registers");
        return static_cast<long>(registers.rax);
    }

  private:
    [[noreturn]] static void die(const char* what) {
        std::perror(what);
        std::exit(2);
    }
    void wait() {
        int status = 0;
        if (::waitpid(pid_, &status, 0) < 0 || !WIFSTOPPED(status)) {
            (void)std::fprintf(stderr, "the victim ended\n");
            std::exit(3);
        }
        signal_ = WSTOPSIG(status);
    }
    pid_t pid_;
    user_regs_struct saved_{};
    int signal_ = 0;  // of the last stop
    long held_back_ = 0;
};

void report(const char* attempt, long result) {
    if (result >= 0)
        (void)std::printf("%s ok\n", attempt);
    else
        (void)std::printf("%s %s\n", attempt, ::strerrorname_np(static_cast<int>(-result)));
}

// A child goes on with what the victim did.
void report_child(const char* attempt, long result) {
    report(attempt, result);
    if (result > 0) (void)::kill(static_cast<pid_t>(result), SIGKILL);
}

void try_all(Victim& victim, pid_t other, const std::string& folder) {
    const auto path = [&](const std::string& text) {
        return victim.put(text.c_str(), text.size() + 1);
    };
    const auto here = static_cast<unsigned long long>(AT_FDCWD);
    const auto target = static_cast<unsigned long long>(other);
    report("read_a_file", victim.call(SYS_openat, here, path(folder + "/file"), O_RDONLY));
    report("write_a_file",
           victim.call(SYS_openat, here, path(folder + "/new"), O_CREAT | O_WRONLY, 0600));
    report("open_by_the_older_call", victim.call(SYS_open, path("/etc/passwd"), O_RDONLY));
    report("list_proc", victim.call(SYS_openat, here, path("/proc"), O_RDONLY | O_DIRECTORY));
    report("unlink", victim.call(SYS_unlink, path(folder + "/file")));
    report("rename", victim.call(SYS_rename, path(folder + "/file"), path(folder + "/file")));
    report("mount", victim.call(SYS_mount, path("/"), path("/"), 0, MS_ASYNC));
    report("execute", victim.call(SYS_execve, path("/bin/sh"), 0, 0));
    report("execute_by_descriptor", victim.call(SYS_execveat, 0, path(""), 0, 0));
    report_child("fork", victim.call(SYS_fork));
    report_child("clone", victim.call(SYS_clone, SIGCHLD));
    report("clone_into_a_namespace", victim.call(SYS_clone, CLONE_NEWNS | SIGCHLD));
    report("trace", victim.call(SYS_ptrace, PTRACE_ATTACH, target));
    report("read_memory", victim.call(SYS_process_vm_readv, target, 0, 0, 0));
    report("signal", victim.call(SYS_kill, target, 0));
    report("pidfd", victim.call(SYS_pidfd_open, target, 0));
    report("internet_socket", victim.call(SYS_socket, AF_INET, SOCK_STREAM));
    report("packet_socket", victim.call(SYS_socket, AF_PACKET, SOCK_RAW));
    report("netlink_socket", victim.call(SYS_socket, AF_NETLINK, SOCK_RAW));
    report("firewall_socket",
           victim.call(SYS_socket, AF_NETLINK, SOCK_RAW, 12 /* NETLINK_NETFILTER */));
    report("unix_socket", victim.call(SYS_socket, AF_UNIX, SOCK_STREAM));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (void)std::snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder.c_str());
    int pair[2] = {-1, -1};
    const auto at = victim.put(pair, sizeof pair);
    if (victim.call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, at) >= 0) {
        // Whatever the numbers are: descriptor 3 is the channel to the supervisor.
        report("connect_a_socket",
               victim.call(SYS_connect, 3, victim.put(&address, sizeof address), sizeof address));
    }
    report("enter_a_namespace", victim.call(SYS_setns, 3, 0));
    report("unshare", victim.call(SYS_unshare, CLONE_NEWUSER));
    report("become_root", victim.call(SYS_setuid, 0));
    report("load_a_program_into_the_kernel", victim.call(SYS_bpf, 0, 0, 0));
    report("make_memory_executable",
           victim.call(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS));
    report("push_into_a_terminal", victim.call(SYS_ioctl, 5, 0x5412 /* TIOCSTI */, path("x")));
    report("io_uring", victim.call(SYS_io_uring_setup, 1, 0));
    report("get_pid", victim.call(SYS_getpid));  // shows that the calls are really made
}

#endif

}  // namespace

int main(int argc, char** argv) {
#if defined(__x86_64__)
    if (argc != 4) return 2;
    Victim victim(std::atoi(argv[1]));
    try_all(victim, std::atoi(argv[2]), argv[3]);
    return 0;
#else
    (void)argc, (void)argv;
    return 77;
#endif
}
