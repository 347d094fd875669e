// What a process in a container can do, tried by system call: `probe ATTEMPT...` prints a line for
// each, "ATTEMPT ok" or "ATTEMPT ENAME". Static and without a library of the container's, so that
// it runs in any root file system, and as its init: `probe init FOLDER` writes what an init begins
// with to FOLDER and waits. `probe keyring FILE` writes the number of its session keyring. `probe
// tree` makes a tree of control groups (probe_trees.cc).
// tests/system/escape_test.py says what is expected where.
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/probe.hh"

namespace {

void note(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    (void)!::write(fd, text.data(), text.size());
    if (fd >= 0) (void)::close(fd);
}

std::string link_text(const std::string& path) {
    char target[512];
    const auto got = ::readlink(path.c_str(), target, sizeof target);
    return got < 0 ? std::strerror(errno) : std::string(target, static_cast<std::size_t>(got));
}

int note_keyring(const std::string& path) {
    note(path,
         std::to_string(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)));
    return 0;
}

// What an init begins with.
int be_init(const std::string& folder) {
    std::string fds;
    DIR* list = ::opendir("/proc/self/fd");
    while (const dirent* entry = list != nullptr ? ::readdir(list) : nullptr) {
        const int fd = std::atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != ::dirfd(list))
            fds +=
                std::to_string(fd) + " " + link_text("/proc/self/fd/" + std::to_string(fd)) + "\n";
    }
    if (list != nullptr) (void)::closedir(list);
    note(folder + "/fds", fds);
    note(folder + "/cwd", link_text("/proc/self/cwd"));
    note_keyring(folder + "/keyring");
    note(folder + "/ready", "");
    for (;;) (void)::pause();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc >= 3 && std::string(argv[1]) == "keyring") return note_keyring(argv[2]);
    if (argc == 3 && std::string(argv[1]) == "init") return be_init(argv[2]);
    if (argc >= 2 && std::string(argv[1]) == "tree") return probe::make_tree(argc - 2, argv + 2);
    const auto all = probe::attempts();
    for (int i = 1; i < argc; ++i) {
        const auto found = all.find(argv[i]);
        if (found == all.end()) {
            (void)std::fprintf(stderr, "no attempt '%s'\n", argv[i]);
            return 2;
        }
        errno = 0;
        const int result = found->second();
        const int error = errno;
        (void)std::printf("%s %s\n", argv[i], result >= 0 ? "ok" : ::strerrorname_np(error));
        (void)std::fflush(stdout);
    }
    return 0;
}
