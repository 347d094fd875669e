// What the probe tries, by name.
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "tests/support/probe.hh"

namespace probe {

namespace {

int close_ok(int fd) {
    if (fd >= 0) (void)::close(fd);
    return fd;
}

int open_path(const std::string& path, int flags) {
    return close_ok(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

int write_to(const char* path, const char* text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return fd;
    const auto put = ::write(fd, text, std::strlen(text));
    const int error = errno;
    (void)::close(fd);
    errno = error;
    return put < 0 ? -1 : 0;
}

// Where attempts may mount; made by whoever runs the probe.
constexpr const char* kPlace = "/tmp/place";

int mount_fs(const char* type, const char* source = "none", const char* options = nullptr) {
    const int result = ::mount(source, kPlace, type, 0, options);
    const int error = errno;
    if (result == 0) (void)::umount2(kPlace, MNT_DETACH);
    errno = error;
    return result;
}

// A node of a device, opened; a node that cannot even be made counts as well.
int open_device(mode_t type, unsigned major, unsigned minor) {
    constexpr const char* path = "/tmp/node";
    (void)::unlink(path);
    if (::mknod(path, type | 0600, makedev(major, minor)) != 0) return -1;
    const int fd = open_path(path, O_RDONLY);
    const int error = errno;
    (void)::unlink(path);
    errno = error;
    return fd;
}

int in_child(const Attempt& attempt) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(attempt() < 0 ? errno : 0);
    int status = 0;
    (void)::waitpid(pid, &status, 0);
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT;
    return errno == 0 ? 0 : -1;
}

// The supervisor's processes: none of them has a number in here, to be signalled or traced by.
int find_foreign_process() {
    DIR* folder = ::opendir("/proc");
    if (folder == nullptr) return -1;
    int found = 0;
    while (const dirent* entry = ::readdir(folder)) {
        const int pid = std::atoi(entry->d_name);
        if (pid <= 0) continue;
        const std::string path = "/proc/" + std::to_string(pid) + "/comm";
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        char name[32] = {};
        if (fd >= 0) (void)!::read(fd, name, sizeof name - 1);
        (void)close_ok(fd);
        if (std::strncmp(name, "lxc_", 4) == 0 || std::strncmp(name, "lxnetd", 6) == 0) ++found;
    }
    (void)::closedir(folder);
    errno = ESRCH;
    return found != 0 ? 0 : -1;
}

// Of a process that is about to be the container's, by the number in PROBE_PID: nothing may be had
// of what it was before.
std::string path_of_entering(const char* file) {
    const char* number = std::getenv("PROBE_PID");
    return "/proc/" + std::string(number == nullptr ? "none" : number) + "/" + file;
}

int trace_entering() {
    const char* number = std::getenv("PROBE_PID");
    if (::ptrace(PTRACE_SEIZE, number == nullptr ? 0 : std::atoi(number), nullptr, nullptr) != 0)
        return -1;
    return 0;
}

// Root may open a file that nobody can write to; what has no writer answers with EIO. Of nothing at
// all is written. A mask does not count: it is /dev/null.
bool takes_writes(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return false;
    struct stat info {};
    const bool is_mask =
        ::fstat(fd, &info) == 0 && (S_ISCHR(info.st_mode) || S_ISFIFO(info.st_mode));
    const bool taken = ::write(fd, "", 0) >= 0 || errno != EIO;
    (void)::close(fd);
    return taken && !is_mask;
}

// What takes writes below a folder of the kernel's: prints each, and fails with ENOENT where there
// is nothing. Processes aside, the container's own groups, the settings of its own network, and
// pressure files, which only wake who writes to them.
int find_writable(const std::string& folder) {
    constexpr const char* kPassed[] = {"/proc/sys/net", "/proc/pressure", "/sys/fs/cgroup"};
    DIR* list = ::opendir(folder.c_str());
    if (list == nullptr) return -1;
    int found = -1;
    while (const dirent* entry = ::readdir(list)) {
        const std::string name = entry->d_name;
        const std::string path = folder + "/" + name;
        if (name == "." || name == ".." || entry->d_type == DT_LNK) continue;
        if (folder == "/proc" && (std::atoi(name.c_str()) > 0 || name == "self")) continue;
        if (std::find(std::begin(kPassed), std::end(kPassed), path) != std::end(kPassed)) continue;
        if (entry->d_type == DT_DIR) {
            if (find_writable(path) == 0) found = 0;
        } else if (takes_writes(path)) {
            (void)std::printf("writable %s\n", path.c_str());
            found = 0;
        }
    }
    (void)::closedir(list);
    if (found < 0) errno = ENOENT;
    return found;
}

int raw_socket() {
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    (void)::close(fd);
    // An interface of the host's, which is not in here.
    return ::if_nametoindex("hostlink0") == 0 ? -1 : 0;
}

int add_key() {
    return static_cast<int>(
        ::syscall(SYS_add_key, "user", "probe", "x", 1, KEY_SPEC_SESSION_KEYRING));
}

int set_clock() {
    timeval now{};
    (void)::gettimeofday(&now, nullptr);
    return ::settimeofday(&now, nullptr);
}

// Ends this pid namespace's init at most; in a child's own namespace, only that child's.
int reboot_host() {
    return static_cast<int>(::syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
                                      LINUX_REBOOT_CMD_CAD_ON, nullptr));
}

int open_by_handle() {
    alignas(file_handle) char memory[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
    auto* handle = reinterpret_cast<file_handle*>(memory);
    handle->handle_bytes = MAX_HANDLE_SZ;
    int id = 0;
    if (::name_to_handle_at(AT_FDCWD, "/", handle, &id, 0) != 0) return -1;
    const int root = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int fd = ::open_by_handle_at(root, handle, O_RDONLY);
    const int error = errno;
    (void)close_ok(fd);
    (void)close_ok(root);
    errno = error;
    return fd;
}

// The release agent of every v1 hierarchy that is in sight (CVE-2022-0492), by file, by remount and
// by a hierarchy of our own.
int set_release_agent() {
    DIR* list = ::opendir("/sys/fs/cgroup");
    if (list == nullptr) return -1;
    int result = -1;
    while (const dirent* entry = ::readdir(list)) {
        const std::string folder = std::string("/sys/fs/cgroup/") + entry->d_name;
        if (entry->d_name[0] == '.') continue;
        if (write_to((folder + "/release_agent").c_str(), "/tmp/agent") == 0) result = 0;
        const char* option = "release_agent=/tmp/agent";
        if (::mount("none", folder.c_str(), "cgroup", MS_REMOUNT, option) == 0) result = 0;
    }
    (void)::closedir(list);
    if (mount_fs("cgroup", "none", "none,name=probe,release_agent=/tmp/agent") == 0) result = 0;
    errno = EPERM;
    return result;
}

// The container's own groups are below those that hold the limits: lifting them there is no use.
int allow_devices() {
    (void)write_to("/sys/fs/cgroup/devices/devices.allow", "a *:* rwm");
    return open_device(S_IFCHR, 1, 11);
}

int mount_disk() {
    constexpr const char* path = "/tmp/disk";
    (void)::unlink(path);
    const char* number = std::getenv("PROBE_DISK");  // MAJOR:MINOR of one of the host's
    unsigned major = 0, minor = 0;
    if (number == nullptr || std::sscanf(number, "%u:%u", &major, &minor) != 2) return 0;
    if (::mknod(path, S_IFBLK | 0600, makedev(major, minor)) != 0) return -1;
    const int result = mount_fs("ext4", path);
    const int error = errno;
    (void)::unlink(path);
    errno = error;
    return result;
}

int read_byte(const char* path) {
    char byte = 0;
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -1;
    const auto got = ::read(fd, &byte, 1);
    const int error = got == 0 ? ENODATA : errno;
    (void)::close(fd);
    errno = error;
    return got > 0 ? 0 : -1;
}

// What a mask hides, once the mask is off.
int read_below_mask(const char* path) {
    (void)::umount2(path, MNT_DETACH);
    return read_byte(path);
}

}  // namespace

std::map<std::string, Attempt> attempts() {
    const auto remounted = [](const char* path, const char* file, const char* text) {
        return [=] {
            (void)::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND, nullptr);
            return write_to(file, text);
        };
    };
    std::map<std::string, Attempt> all{
        {"open-disk", [] { return open_device(S_IFBLK, 254, 0); }},
        {"open-loop-control", [] { return open_device(S_IFCHR, 10, 237); }},
        {"open-kmsg", [] { return open_device(S_IFCHR, 1, 11); }},
        {"open-mem", [] { return open_device(S_IFCHR, 1, 1); }},
        {"write-sysctl", [] { return write_to("/proc/sys/kernel/panic", "1"); }},
        {"write-core-pattern", [] { return write_to("/proc/sys/kernel/core_pattern", "core"); }},
        {"remount-sysctl", remounted("/proc/sys", "/proc/sys/kernel/panic", "1")},
        {"sysrq", [] { return write_to("/proc/sysrq-trigger", "?"); }},
        {"remount-sysrq", remounted("/proc/sysrq-trigger", "/proc/sysrq-trigger", "?")},
        {"write-sys", [] { return write_to("/sys/kernel/profiling", "0"); }},
        {"write-uevent-helper", [] { return write_to("/sys/kernel/uevent_helper", ""); }},
        {"writable-proc", [] { return find_writable("/proc"); }},
        {"writable-sys", [] { return find_writable("/sys"); }},
        {"mount-disk", mount_disk},
        {"mount-debugfs", [] { return mount_fs("debugfs"); }},
        {"mount-tracefs", [] { return mount_fs("tracefs"); }},
        {"mount-securityfs", [] { return mount_fs("securityfs"); }},
        {"mount-devtmpfs", [] { return mount_fs("devtmpfs"); }},
        {"mount-configfs", [] { return mount_fs("configfs"); }},
        {"mount-pstore", [] { return mount_fs("pstore"); }},
        {"mount-binfmt", [] { return mount_fs("binfmt_misc"); }},
        {"mount-cgroup", [] { return mount_fs("cgroup", "none", "none,name=probe"); }},
        {"read-kcore", [] { return read_below_mask("/proc/kcore"); }},
        {"read-timers", [] { return read_below_mask("/proc/timer_list"); }},
        {"release-agent", set_release_agent},
        {"allow-devices", allow_devices},
        {"init-module", [] { return static_cast<int>(::syscall(SYS_init_module, "", 0UL, "")); }},
        {"finit-module", [] { return static_cast<int>(::syscall(SYS_finit_module, 0, "", 0)); }},
        {"kexec", [] { return static_cast<int>(::syscall(SYS_kexec_load, 0UL, 0UL, 0UL, 0UL)); }},
        {"reboot", reboot_host},
        {"swapon", [] { return ::swapon("/tmp/none", 0); }},
        {"set-clock", set_clock},
        {"adjust-clock",
         [] {
             timex change{};
             change.modes = ADJ_TICK;
             change.tick = 10000;
             return ::adjtimex(&change);
         }},
        {"kernel-log", [] { return ::klogctl(10, nullptr, 0); }},
        {"read-kmsg", [] { return read_byte("/proc/kmsg"); }},
        {"read-kmsg-below", [] { return read_below_mask("/proc/kmsg"); }},
        {"foreign-process", find_foreign_process},
        {"trace-entering", trace_entering},
        {"memory-of-entering", [] { return open_path(path_of_entering("mem"), O_RDWR); }},
        {"root-of-entering", [] { return open_path(path_of_entering("root/"), O_PATH); }},
        {"file-of-entering", [] { return open_path(path_of_entering("fd/0"), O_RDWR); }},
        {"program-of-entering", [] { return open_path(path_of_entering("exe"), O_RDWR); }},
        {"push-input", [] { return ::ioctl(0, TIOCSTI, "x"); }},
        {"raw-host-network", raw_socket},
        {"add-key", add_key},
        {"open-by-handle", open_by_handle},
        {"bpf", [] { return static_cast<int>(::syscall(SYS_bpf, 0, nullptr, 0)); }},
        {"perf",
         [] { return static_cast<int>(::syscall(SYS_perf_event_open, nullptr, 0, 0, 0, 0)); }},
        {"userfaultfd", [] { return close_ok(static_cast<int>(::syscall(SYS_userfaultfd, 0))); }},
        {"ioperm", [] { return static_cast<int>(::syscall(SYS_ioperm, 0x70, 1, 1)); }},
        {"chroot-out",
         [] {
             return in_child([] {
                 struct stat root {
                 }, after{};
                 (void)::stat("/", &root);
                 (void)::mkdir("/tmp/jail", 0700);
                 if (::chroot("/tmp/jail") != 0) return -1;
                 for (int i = 0; i < 64; ++i) (void)!::chdir("..");
                 if (::chroot(".") != 0 || ::stat("/", &after) != 0) return -1;
                 errno = ENOENT;  // no further than the container's own root
                 return root.st_dev == after.st_dev && root.st_ino == after.st_ino ? -1 : 0;
             });
         }},
    };
    add_calls(all);
    return all;
}

}  // namespace probe
