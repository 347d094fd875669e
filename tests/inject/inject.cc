// Runs a command whose system calls can fail as a test wants it: it and all that it starts, across
// fork, exec and setuid, also in a container. For tests; no part of lxvirt uses it.
//
//   inject [--report FD] [--calls LIST] [--fail PROGRAM,CALL,N,ERRNO] [--before SCRIPT]
//          [--absent LIST] [--absent-file NAME] COMMAND...
//
//   --calls LIST          counts these calls for each program (by its comm, lxc_helper say)
//   --fail P,C,N,ERRNO    the Nth of the counted calls C of the program P fails with ERRNO
//   --before SCRIPT       before each counted call goes on: SCRIPT PROGRAM CALL N
//   --absent LIST         these calls fail with ENOSYS, as on a kernel that has none
//   --absent-file NAME    openat and openat2 of a path whose last part is NAME fail with ENOENT
//   --report FD           is told "exit STATUS" when the command has ended, and once nothing that
//   it
//                         started runs any more "failed N" and "calls PROGRAM CALL N" for each
//
// By a seccomp filter, the kernel's documentation of which is seccomp_filter.rst: what is counted
// is told to this program, which lets it go on or fail; it therefore lives as long as anything that
// the command has started.

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace {

using namespace lxvirt;

struct Failure {
    std::string program;
    int call = -1;
    unsigned at = 0;
    int error = 0;
};

struct Wishes {
    int report = STDERR_FILENO;
    std::set<int> counted, absent;
    std::string absent_file, before;
    Failure failure;
    char** command = nullptr;
};

int call_number(const std::string& name) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number < 0)
        base::fail(base::ErrorCode::invalid_arg, "this machine has no system call '{}'", name);
    return number;
}

std::set<int> call_numbers(std::string_view list) {
    std::set<int> numbers;
    for (const std::string_view name : base::split(list, ','))
        numbers.insert(call_number(std::string(name)));
    return numbers;
}

Failure read_failure(std::string_view text) {
    const std::vector<std::string_view> words = base::split(text, ',');
    if (words.size() != 4)
        base::fail(base::ErrorCode::invalid_arg, "--fail PROGRAM,CALL,N,ERRNO: '{}'", text);
    return {std::string(words[0]), call_number(std::string(words[1])),
            base::parse_number<unsigned>(words[2]).value_or(0),
            base::parse_number<int>(words[3]).value_or(EIO)};
}

Wishes read_words(char** words) {
    Wishes wishes;
    for (++words; *words != nullptr && std::string_view(*words).starts_with("--"); words += 2) {
        const std::string_view option = *words;
        const std::string_view value = words[1] != nullptr ? words[1] : "";
        if (option == "--report")
            wishes.report = base::parse_number<int>(value).value_or(-1);
        else if (option == "--calls")
            wishes.counted = call_numbers(value);
        else if (option == "--fail")
            wishes.failure = read_failure(value);
        else if (option == "--before")
            wishes.before = value;
        else if (option == "--absent")
            wishes.absent = call_numbers(value);
        else if (option == "--absent-file")
            wishes.absent_file = value;
        else
            base::fail(base::ErrorCode::invalid_arg, "there is no option '{}'", option);
    }
    if (*words == nullptr) base::fail(base::ErrorCode::invalid_arg, "no command");
    wishes.command = words;
    return wishes;
}

// Loads the filter into this process. The listener that it makes is found by the parent, which
// shares the descriptors: it cannot be sent, since sending may be counted.
void load_filter(const Wishes& wishes) {
    std::vector<sock_filter> program = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    };
    const auto answer = [&](int call, std::uint32_t verdict) {
        program.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        program.push_back(BPF_STMT(BPF_RET | BPF_K, verdict));
    };
    for (const int call : wishes.absent) answer(call, SECCOMP_RET_ERRNO | ENOSYS);
    std::set<int> told = wishes.counted;
    if (!wishes.absent_file.empty()) told.insert({SYS_openat, SYS_openat2});
    for (const int call : told) answer(call, SECCOMP_RET_USER_NOTIF);
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    // A signal that comes meanwhile must not make a call count twice.
    const unsigned long flags =
        told.empty() ? 0UL
                     : SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) < 0)
        base::fail_errno("load the filter");
}

// Among the descriptors of this process.
base::UniqueFd find_listener() {
    for (;;) {
        for (int fd = 3; fd < 64; ++fd) {
            char target[64] = "";
            (void)!::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target,
                              sizeof target - 1);
            if (std::string_view(target) == "anon_inode:seccomp notify") return base::UniqueFd(fd);
        }
        ::usleep(200);
    }
}

class Referee {
  public:
    Referee(const Wishes& wishes, base::UniqueFd listener)
        : wishes_(wishes), listener_(std::move(listener)) {}

    [[nodiscard]] base::Fd listener() const { return listener_; }

    void answer_one() {
        seccomp_notif call = {};
        if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return;  // it has died
        seccomp_notif_resp answer = {};
        answer.id = call.id;
        answer.error = -verdict(call);
        if (answer.error == 0) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }

    void report(std::string& text) const {
        text += fmt::format("failed {}\n", failed_);
        for (const auto& [who, times] : calls_)
            text += fmt::format("calls {} {} {}\n", who.first, name_of(who.second), times);
    }

  private:
    // The errno of this call, or 0.
    int verdict(const seccomp_notif& call) {
        if (!wishes_.absent_file.empty() && is_absent_file(call)) return ENOENT;
        if (!wishes_.counted.contains(call.data.nr)) return 0;
        const std::string program = comm(call.pid);
        const unsigned times = ++calls_[{program, call.data.nr}];
        if (!wishes_.before.empty()) run_before(program, call.data.nr, times);
        const Failure& failure = wishes_.failure;
        if (program != failure.program || call.data.nr != failure.call || times != failure.at)
            return 0;
        ++failed_;
        return failure.error;
    }

    static std::string name_of(int call) {
        char* const name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
        std::string text = name;
        std::free(name);
        return text;
    }

    void run_before(const std::string& program, int call, unsigned times) const {
        const std::string command =
            fmt::format("{} {} {} {}", wishes_.before, program, name_of(call), times);
        if (std::system(command.c_str()) != 0)
            base::fail(base::ErrorCode::internal_error, "'{}' failed", command);
    }

    static std::string comm(pid_t pid) {
        try {
            const auto text = base::try_read_file(fmt::format("/proc/{}/comm", pid));
            return std::string(base::trim(text.value_or("")));
        } catch (const base::SystemError&) {  // ESRCH: it has died
            return "";
        }
    }

    [[nodiscard]] bool is_absent_file(const seccomp_notif& call) const {
        if (call.data.nr != SYS_openat && call.data.nr != SYS_openat2) return false;
        const base::UniqueFd memory(
            ::open(fmt::format("/proc/{}/mem", call.pid).c_str(), O_RDONLY | O_CLOEXEC));
        char path[PATH_MAX] = "";
        (void)!::pread(memory.get(), path, sizeof path - 1, static_cast<off_t>(call.data.args[1]));
        const std::string_view text = path;
        return text.substr(text.rfind('/') + 1) == wishes_.absent_file;
    }

    const Wishes& wishes_;
    base::UniqueFd listener_;
    std::map<std::pair<std::string, int>, unsigned> calls_;
    unsigned failed_ = 0;
};

void say(int fd, const std::string& text) {
    if (::write(fd, text.data(), text.size()) < 0) std::perror("inject: report");
}

// Whoever reads what the command prints is to see its end.
void let_go_of_terminal() {
    const base::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) (void)::dup2(null.get(), fd);
}

// Becomes the parent of all that the command leaves: before Linux 6.11 a zombie keeps its filter,
// and the listener does not hang up before it is reaped.
base::UniqueFd watch_children() {
    sigset_t signals;
    (void)::sigemptyset(&signals);
    (void)::sigaddset(&signals, SIGCHLD);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || ::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0)
        base::fail_errno("watch the children");
    base::UniqueFd ends(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!ends) base::fail_errno("watch the children");
    return ends;
}

// The status of `wanted` where it is among those that have ended.
std::optional<int> reap(pid_t wanted) {
    std::optional<int> found;
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == wanted) found = status;
    return found;
}

int run(const Wishes& wishes) {
    if (wishes.counted.empty() && wishes.absent_file.empty()) {
        load_filter(wishes);
        ::execvp(wishes.command[0], wishes.command);
        base::fail_errno("run '{}'", wishes.command[0]);
    }
    // Its descriptors are this process's until it execs.
    const long pid = ::syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, 0);
    if (pid < 0) base::fail_errno("clone");
    if (pid == 0) {
        load_filter(wishes);
        ::execvp(wishes.command[0], wishes.command);
        ::_exit(127);
    }
    const base::UniqueFd ends = watch_children();
    Referee referee(wishes, find_listener());
    std::array<pollfd, 2> wait = {{{referee.listener().get(), POLLIN, 0}, {ends.get(), POLLIN, 0}}};
    std::optional<int> result;
    for (;;) {
        if (::poll(wait.data(), wait.size(), -1) < 0) base::fail_errno("poll");
        if ((wait[1].revents & POLLIN) != 0) {
            signalfd_siginfo signal;
            (void)!::read(ends.get(), &signal, sizeof signal);
        }
        // Without regard to the signal: the first child may have ended before it was watched.
        if (const auto status = reap(static_cast<pid_t>(pid))) {
            result = WIFEXITED(*status) ? WEXITSTATUS(*status) : -WTERMSIG(*status);
            say(wishes.report, fmt::format("exit {}\n", *result));
            let_go_of_terminal();
        }
        if ((wait[0].revents & POLLIN) != 0)
            referee.answer_one();
        else if ((wait[0].revents & POLLHUP) != 0 && result)
            break;
    }
    std::string text;
    referee.report(text);
    say(wishes.report, text);
    return *result < 0 ? 128 - *result : *result;
}

}  // namespace

int main(int, char** words) {
    try {
        return run(read_words(words));
    } catch (const base::Exception& error) {
        fmt::print(stderr, "inject: {}\n", error.message());
        return 2;
    }
}
