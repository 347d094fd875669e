// What the kernel alone costs: lxvirt's container of the benchmark, with the same groups, mounts,
// device program, terminals and links, made by plain system calls, with no checks, no files, no
// supervisor and nothing that could be asked afterwards.
//
//   floor start PARTITION/NAME ROOTFS BRIDGE|- PROGRAM [ARGUMENT...]   prints the init's pid
//   floor destroy PARTITION/NAME PID
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
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

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_rules.hh"
#include "base/error.hh"
#include "base/fd.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/process/process.hh"
#include "xml/domain/names.hh"

namespace {

using namespace lxvirt::base;

void check(long result, const char* what) {
    if (result < 0) fail_errno("{}", what);
}

void make_node(const char* path, unsigned minor) {
    check(::mknod(path, S_IFCHR | 0666, ::makedev(1, minor)), path);
}

struct Group {
    Hierarchy hierarchy;
    std::string root;  // what the container sees as the whole
};

void bind_mount(const std::string& from, const std::string& to) {
    check(::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr), to.c_str());
}

void remount(const std::string& path, unsigned long flags) {
    check(::mount(nullptr, path.c_str(), nullptr, MS_BIND | MS_REMOUNT | flags, nullptr),
          path.c_str());
}

constexpr unsigned long kNoSuidDevExec = MS_NOSUID | MS_NODEV | MS_NOEXEC;

void show_groups(const std::vector<Group>& groups) {
    check(::mount("none", "sys/fs/cgroup", "tmpfs", kNoSuidDevExec, "mode=755,size=64k"), "tmpfs");
    for (const Group& group : groups) {
        const std::string place = "sys/fs/cgroup/" + group.hierarchy.name;
        check(::mkdir(place.c_str(), 0755), place.c_str());
        bind_mount(group.hierarchy.mount + group.root, place);
        remount(place, kNoSuidDevExec);
    }
}

void protect_paths() {
    for (const std::string_view path : lxvirt::xml::kReadonlyPaths) {
        const std::string place(path.substr(1));
        if (::access(place.c_str(), F_OK) != 0) continue;
        bind_mount(place, place);
        remount(place, MS_RDONLY | kNoSuidDevExec);
    }
    for (const std::string_view path : lxvirt::xml::kMaskedPaths) {
        const std::string place(path.substr(1));
        struct stat info {};
        if (::stat(place.c_str(), &info) != 0) continue;
        if (S_ISDIR(info.st_mode))
            check(::mount("none", place.c_str(), "tmpfs", MS_RDONLY | kNoSuidDevExec,
                          "mode=555,size=4k"),
                  place.c_str());
        else
            bind_mount("dev/null", place);
    }
}

// Fresh /proc, /sys and /dev, some paths masked, some read-only.
void make_root(const std::string& rootfs, const std::vector<Group>& groups) {
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private /");
    check(::mount(rootfs.c_str(), rootfs.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "root");
    check(::chdir(rootfs.c_str()), "chdir");
    check(::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "proc");
    check(::mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr), "sys");
    check(::mount("none", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k"), "dev");
    const std::array<std::pair<const char*, unsigned>, 5> nodes = {
        {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7}, {"dev/random", 8}, {"dev/urandom", 9}}};
    for (const auto& [path, minor] : nodes) make_node(path, minor);
    check(::mkdir("dev/pts", 0755), "pts");
    check(::mount("devpts", "dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666"), "devpts");
    check(::symlink("pts/ptmx", "dev/ptmx"), "ptmx");
    const int terminal = ::open("dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    check(terminal, "open a terminal");
    check(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), "open a terminal of the host");
    for (const char* name : {"dev/console", "dev/tty1"}) {
        check(::mknod(name, S_IFREG | 0600, 0), name);
        bind_mount("dev/pts/0", name);
    }
    show_groups(groups);
    protect_paths();
    check(::syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(::umount2(".", MNT_DETACH), "umount");
}

struct Container {
    std::string group;
    std::string rootfs;
    std::string bridge;
    char** argv;
};

[[noreturn]] void be_init(const Container& container, const std::vector<Group>& groups,
                          const std::vector<UniqueFd>& attach, Fd ready) {
    for (const UniqueFd& file : attach) attach_self(file);
    check(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr), "keyring");
    check(::unshare(CLONE_NEWCGROUP), "unshare cgroup");
    check(::sethostname("floor", 5), "sethostname");
    char go = 0;
    make_root(container.rootfs, groups);
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

// Two where something is or may be limited, one elsewhere.
std::vector<Group> make_groups(const std::string& outer) {
    std::vector<Group> made;
    const std::vector<Hierarchy> hierarchies = find_hierarchies();
    for (const Hierarchy& hierarchy : hierarchies) {
        make_group(hierarchy, outer);
        if (hierarchy.has("memory"))
            write_value(hierarchy.mount + outer +
                            (hierarchy.unified ? "/memory.max" : "/memory.limit_in_bytes"),
                        "268435456");
        made.push_back({hierarchy, outer});
    }
    std::vector<DeviceRule> rules;
    for (const unsigned minor : {3U, 5U, 7U, 8U, 9U})
        rules.push_back({.type = 'c', .major = 1, .minor = minor});
    for (const unsigned minor : {0U, 1U, 2U})
        rules.push_back({.type = 'c', .major = 5, .minor = minor});
    rules.push_back({.type = 'c', .major = 136});
    write_device_rules(hierarchies, outer, rules);
    for (Group& group : made) {
        const Hierarchy& hierarchy = group.hierarchy;
        if (!hierarchy.unified && !hierarchy.has("memory") && !hierarchy.has("cpu") &&
            !hierarchy.has("cpuset") && !hierarchy.has("blkio"))
            continue;
        group.root = outer + "/init";
        make_group(hierarchy, group.root);
    }
    return made;
}

int start(const Container& container) {
    const std::vector<Group> groups = make_groups(container.group);
    std::vector<UniqueFd> attach;
    UniqueFd unified;
    for (const auto& [hierarchy, root] : groups)
        if (hierarchy.unified)
            unified = open_file(hierarchy.mount + root, O_RDONLY | O_DIRECTORY);
        else
            attach.push_back(open_attach_file(hierarchy, root));
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
            be_init(container, groups, attach, ready);
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
