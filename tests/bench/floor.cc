// What the kernel alone costs: the same container as the benchmark's others, made by plain system
// calls, with no checks, no files, no supervisor and nothing that could be asked afterwards.
//
//   floor start PARTITION/NAME ROOTFS BRIDGE|- PROGRAM [ARGUMENT...]   prints the init's pid
//   floor destroy PARTITION/NAME PID
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/cgroup.hh"
#include "base/error.hh"
#include "base/fd.hh"
#include "base/file.hh"
#include "base/netlink.hh"
#include "base/process.hh"

namespace {

using namespace lxvirt::base;

void check(long result, const char* what) {
    if (result < 0) fail_errno("{}", what);
}

void make_node(const char* path, unsigned minor) {
    check(::mknod(path, S_IFCHR | 0666, ::makedev(1, minor)), path);
}

// As lxvirt's: fresh /proc, /sys and /dev, some paths masked, some read-only.
void make_root(const std::string& rootfs) {
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private /");
    check(::mount(rootfs.c_str(), rootfs.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "root");
    check(::chdir(rootfs.c_str()), "chdir");
    check(::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "proc");
    check(::mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr), "sys");
    check(::mount("none", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k"), "dev");
    const std::array<std::pair<const char*, unsigned>, 6> nodes = {{{"dev/null", 3},
                                                                    {"dev/zero", 5},
                                                                    {"dev/full", 7},
                                                                    {"dev/random", 8},
                                                                    {"dev/urandom", 9},
                                                                    {"dev/kmsg", 11}}};
    for (const auto& [path, minor] : nodes) make_node(path, minor);
    check(::mkdir("dev/pts", 0755), "pts");
    check(::mount("devpts", "dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666"), "devpts");
    check(::symlink("pts/ptmx", "dev/ptmx"), "ptmx");
    const int terminal = ::open("dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    check(terminal, "open a terminal");
    for (const char* path : {"proc/kcore", "proc/keys", "proc/timer_list"})
        if (::access(path, F_OK) == 0)
            check(::mount("dev/null", path, nullptr, MS_BIND, nullptr), path);
    for (const char* path : {"proc/sys", "proc/irq", "proc/bus", "proc/sysrq-trigger"}) {
        if (::access(path, F_OK) != 0) continue;
        check(::mount(path, path, nullptr, MS_BIND, nullptr), path);
        check(::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), path);
    }
    check(::syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(::umount2(".", MNT_DETACH), "umount");
}

struct Container {
    std::string group;
    std::string rootfs;
    std::string bridge;
    char** argv;
};

[[noreturn]] void be_init(const Container& container, const std::vector<UniqueFd>& groups,
                          Fd ready) {
    for (const UniqueFd& group : groups) attach_self(group);
    check(::unshare(CLONE_NEWCGROUP), "unshare cgroup");
    check(::sethostname("floor", 5), "sethostname");
    char go = 0;
    make_root(container.rootfs);
    if (::read(ready.get(), &go, 1) != 1) ::_exit(1);
    for (const int capability : {16, 22, 25, 34})  // module, boot, time, syslog
        check(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "drop");
    sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const sock_fprog program{1, &allow};
    check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
    char* const environment[] = {nullptr};
    ::execve(container.argv[0], container.argv, environment);
    ::_exit(1);
}

int start(const Container& container) {
    const std::vector<Hierarchy> hierarchies = find_hierarchies();
    std::vector<UniqueFd> attach;
    UniqueFd unified;
    for (const Hierarchy& hierarchy : hierarchies) {
        const std::string inner = container.group + "/init";
        make_group(hierarchy, container.group);
        if (hierarchy.has("memory"))
            write_value(hierarchy.mount + container.group +
                            (hierarchy.unified ? "/memory.max" : "/memory.limit_in_bytes"),
                        "268435456");
        make_group(hierarchy, inner);
        if (hierarchy.unified)
            unified = open_file(hierarchy.mount + inner, O_RDONLY | O_DIRECTORY);
        else
            attach.push_back(open_attach_file(hierarchy, inner));
    }
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe");
    UniqueFd ready(ends[0]);
    UniqueFd go(ends[1]);
    int exec_ends[2];
    check(::pipe2(exec_ends, O_CLOEXEC), "pipe");
    UniqueFd executed(exec_ends[0]);
    UniqueFd exec_mark(exec_ends[1]);
    clone_args args{};
    args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
    if (container.bridge != "-") args.flags |= CLONE_NEWNET;
    if (unified) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(unified.get());
    }
    args.exit_signal = SIGCHLD;
    const pid_t pid = clone3(args);
    if (pid == 0) {
        try {
            be_init(container, attach, ready);
        } catch (const Exception& error) {
            fmt::print(stderr, "floor: {}\n", error.message());
            ::_exit(1);
        }
    }
    if (pid < 0) fail_with(-pid, "clone3");
    if (container.bridge != "-") {
        const UniqueFd net = open_file(fmt::format("/proc/{}/ns/net", pid), O_RDONLY);
        Netlink netlink;
        netlink.make_veth({.host_name = fmt::format("floor{}", pid),
                           .guest_name = "eth0",
                           .guest_mac = {0x00, 0x16, 0x3e, 0x00, 0x00, 0x02},
                           .host_mac = {},
                           .master = netlink.link_index(container.bridge),
                           .guest_netns = net});
    }
    exec_mark.reset();
    if (::write(go.get(), "g", 1) != 1) fail_errno("go");
    char none = 0;
    if (::read(executed.get(), &none, 1) != 0) fail_errno("wait for the exec");
    if (::kill(pid, 0) != 0) fail_errno("the init");
    fmt::print("{}\n", pid);
    return 0;
}

int destroy(const std::string& group, pid_t pid) {
    const auto process = open_pidfd(pid);
    if (process) {
        (void)send_signal(*process, SIGKILL);
        (void)wait_readable(*process, std::chrono::seconds(10));
    }
    for (const Hierarchy& hierarchy : find_hierarchies()) remove_group(hierarchy, group);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc > 3 ? argv[1] : "";
    try {
        if (verb == "start" && argc > 5) return start({argv[2], argv[3], argv[4], argv + 5});
        if (verb == "destroy") return destroy(argv[2], std::atoi(argv[3]));
    } catch (const Exception& error) {
        fmt::print(stderr, "floor: {}\n", error.message());
        return 1;
    }
    fmt::print(stderr, "see tests/bench/floor.cc\n");
    return 2;
}
