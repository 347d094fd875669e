// `probe tree FOLDER DEPTH LENGTH [hold|freeze]` makes DEPTH control groups in FOLDER, each below the
// one before, with names of LENGTH characters; their path may become longer than the kernel takes.
// It prints how many it made, and the error if those are fewer. With `hold` a process stays in the
// deepest group; with `freeze` that group, and each third one above it, is frozen besides, as v1
// freezes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/support/probe.hh"

namespace probe {

namespace {

bool put(const char* file, const char* text) {
    const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
    const bool done =
        fd >= 0 && ::write(fd, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text));
    if (fd >= 0) (void)::close(fd);
    return done;
}

// Leaves a process in the group that is the working folder.
bool hold() {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return false;
    const pid_t pid = ::fork();
    if (pid == 0) {
        const bool in = put("tasks", "0") || put("cgroup.procs", "0");
        (void)!::write(pipe[1], in ? "y" : "n", 1);
        for (int fd = 0; fd < 64; ++fd) (void)::close(fd);
        for (;;) (void)::pause();
    }
    char answer = 'n';
    return pid > 0 && ::read(pipe[0], &answer, 1) == 1 && answer == 'y';
}

}  // namespace

int make_tree(int argc, char** argv) {
    if (argc < 3 || ::chdir(argv[0]) != 0) return 2;
    const int depth = std::atoi(argv[1]);
    const std::string name(static_cast<std::size_t>(std::atoi(argv[2])), 'd');
    const std::string_view end = argc > 3 ? argv[3] : "";
    int made = 0;
    while (made < depth && ::mkdir(name.c_str(), 0755) == 0 && ::chdir(name.c_str()) == 0) ++made;
    (void)std::printf("made %d%s%s\n", made, made < depth ? " " : "",
                      made < depth ? ::strerrorname_np(errno) : "");
    if (end.empty()) return 0;
    if (!hold()) return 3;
    if (end == "hold") return 0;
    for (int level = made; level > 0; --level) {
        if ((made - level) % 3 == 0 && !put("freezer.state", "FROZEN")) return 4;
        if (::chdir("..") != 0) return 5;
    }
    return 0;
}

}  // namespace probe
