// Attempts of the probe that a filter of system calls has to see through: requests of ioctl(2) that
// act on the whole machine, address families, io_uring. High bits that the kernel ignores are set,
// and 32-bit calls are made, too (int 0x80, as a program for x86 does).
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "tests/support/probe.hh"

namespace probe {

namespace {

constexpr std::uint64_t kGarbage = 0xdead00000000ULL;  // in bits that an `unsigned int` lacks

int finish(int fd, long result) {
    const int error = errno;
    if (fd >= 0) (void)::close(fd);
    errno = error;
    return result < 0 ? -1 : 0;
}

int request(const char* path, std::uint64_t number) {
    const int fd = ::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return -1;
    std::uint32_t argument = 0;
    return finish(fd, ::syscall(SYS_ioctl, fd, kGarbage | number, &argument));
}

// Makes a call as a program for x86 would; in a child, as a kernel without them kills it.
int call_of_x86(long number, long first, long second, long third) {
#if defined(__x86_64__)
    const pid_t pid = ::fork();
    if (pid == 0) {
        long result = number;
        asm volatile("int $0x80"
                     : "+a"(result)
                     : "b"(first), "c"(second), "d"(third)
                     : "memory", "r8", "r9", "r10", "r11");
        ::_exit(static_cast<int>(result) < 0 ? -static_cast<int>(result) : 0);
    }
    int status = 0;
    (void)::waitpid(pid, &status, 0);
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ENOSYS;
    return errno == 0 ? 0 : -1;
#else
    (void)number, (void)first, (void)second, (void)third;
    errno = ENOSYS;
    return -1;
#endif
}

int request_of_x86(const char* path, std::uint32_t number) {
    const int fd = ::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return -1;
    constexpr long ioctl_of_x86 = 54;
    return finish(fd, call_of_x86(ioctl_of_x86, fd, number, 0));
}

int open_socket(std::uint64_t family) {
    const long fd = ::syscall(SYS_socket, kGarbage | family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return finish(static_cast<int>(fd), fd);
}

// By socketcall(2), as older C libraries for x86 do.
int internet_socket_of_x86() {
    constexpr int low = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;
    void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, low, -1, 0);
    if (page == MAP_FAILED) return -1;
    auto* arguments = static_cast<std::uint32_t*>(page);
    arguments[0] = AF_INET;
    arguments[1] = SOCK_STREAM;
    arguments[2] = 0;
    constexpr long socketcall = 102, make_socket = 1;
    return call_of_x86(socketcall, make_socket, static_cast<long>(reinterpret_cast<intptr_t>(page)),
                       0);
}

}  // namespace

// A freeze and a shutdown are asked of proc, which has neither: nothing is harmed where they are
// not refused.
void add_calls(std::map<std::string, Attempt>& attempts) {
    constexpr std::uint32_t shutdown = 0x8004587d;
    constexpr long socket_of_x86 = 359;
    attempts["take-console"] = [] { return request("/dev/console", TIOCCONS); };
    attempts["take-console-32"] = [] { return request_of_x86("/dev/console", TIOCCONS); };
    attempts["virtual-terminal"] = [] { return request("/dev/console", TIOCLINUX); };
    attempts["add-entropy"] = [] { return request("/dev/urandom", RNDADDTOENTCNT); };
    attempts["freeze"] = [] { return request("/proc", FIFREEZE); };
    attempts["shut-down"] = [] { return request("/proc", shutdown); };
    attempts["vsock"] = [] { return open_socket(AF_VSOCK); };
    attempts["vsock-32"] = [] { return call_of_x86(socket_of_x86, AF_VSOCK, SOCK_STREAM, 0); };
    attempts["inet"] = [] { return open_socket(AF_INET); };
    attempts["inet-32"] = internet_socket_of_x86;
    attempts["io-uring"] = [] {
        return static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr));
    };
}

}  // namespace probe
