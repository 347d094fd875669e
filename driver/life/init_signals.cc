// Chooses how to ask an init to stop, in the order: the signal that a known init documents, if it
// listens to that signal; the initctl pipe; the signals that any init catches, or blocks.
#include "driver/life/init_signals.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/process/process.hh"
#include "base/text/text.hh"

namespace lxvirt::driver {

namespace {

// The places of the pipe in sysvinit's versions, newest first.
constexpr std::array<const char*, 3> kPipes = {"/run/initctl", "/dev/initctl", "/etc/.initctl"};

// The signals that known inits act on: systemd(1) "SIGNALS", busybox's init, finit, s6-linux-init.
// sysvinit and OpenRC are not listed, as they listen on the pipe and take SIGINT as ctrl-alt-del.
struct KnownInit {
    const char* program;
    int power_off, reboot;
};
KnownInit known_init(const std::string& program) {
    if (program == "systemd") return {"systemd", SIGRTMIN + 3, SIGRTMIN + 5};
    if (program == "busybox") return {"busybox", SIGUSR2, SIGTERM};
    if (program == "finit") return {"finit", SIGUSR2, SIGTERM};
    if (program == "s6-svscan") return {"s6-svscan", SIGUSR2, SIGINT};
    return {"", 0, 0};
}

constexpr std::uint64_t bit(int signal) {
    return 1ULL << (signal - 1);
}

// Returns a signal that the init acts on, or nullopt.
std::optional<StopRequest> by_signal(const InitFacts& init, StopKind kind) {
    // A program of unknown kind gets the first signal that it catches, in the order in which
    // programs mean "end"; then the first one that it blocks, which it may wait for.
    for (const std::uint64_t listened : {init.caught, init.blocked})
        for (const int signal : {SIGTERM, SIGPWR, SIGINT, SIGQUIT})
            if ((listened & bit(signal)) != 0)
                return StopRequest{.signal = signal, .then_restart = kind == StopKind::reboot};
    if (init.waits) return StopRequest{.signal = SIGTERM, .then_restart = kind == StopKind::reboot};
    return std::nullopt;
}

// Returns the signal that a known init documents, if this init listens to what that one does: a
// script may be called as an init, too, and catch SIGTERM in order to end.
std::optional<StopRequest> by_known_signal(const InitFacts& init, StopKind kind) {
    const KnownInit known = known_init(init.program);
    if (known.power_off == 0 || !receives(init, known.power_off) || !receives(init, known.reboot))
        return std::nullopt;
    return StopRequest{.signal = kind == StopKind::reboot ? known.reboot : known.power_off};
}

}  // namespace

std::optional<int> signal_number(std::string_view text) {
    if (const auto number = base::parse_number<int>(text))
        return *number > 0 && *number <= SIGRTMAX ? number : std::nullopt;
    if (text.starts_with("SIG")) text.remove_prefix(3);
    for (const auto& [name, from] : {std::pair("RTMIN", SIGRTMIN), std::pair("RTMAX", SIGRTMAX)}) {
        if (!text.starts_with(name)) continue;
        text.remove_prefix(std::string_view(name).size());
        if (text.empty()) return from;
        if (text.front() == '+') text.remove_prefix(1);
        const auto offset = base::parse_number<int>(text);
        const int number = from + offset.value_or(SIGRTMAX);
        return number >= SIGRTMIN && number <= SIGRTMAX ? std::optional(number) : std::nullopt;
    }
    for (int number = 1; number < SIGRTMIN; ++number)
        if (const char* name = ::sigabbrev_np(number); name != nullptr && text == name)
            return number;
    return std::nullopt;
}

std::string signal_name(int number) {
    if (number >= SIGRTMIN && number <= SIGRTMAX)
        return number == SIGRTMIN ? "SIGRTMIN" : fmt::format("SIGRTMIN+{}", number - SIGRTMIN);
    const char* name = ::sigabbrev_np(number);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
}

bool receives(const InitFacts& init, int signal) {
    return signal == SIGKILL || signal == SIGSTOP || init.waits ||
           ((init.caught | init.blocked) & bit(signal)) != 0;
}

std::optional<StopRequest> choose_stop(const InitFacts& init, StopKind kind, StopFlags ways) {
    const auto allowed = [&](StopFlags way) { return ways == StopFlags::none || has(ways, way); };
    // systemd keeps the pipe for old programs only, and its signals say more.
    if (allowed(StopFlags::signal))
        if (const auto known = by_known_signal(init, kind)) return known;
    if (allowed(StopFlags::initctl) && init.initctl) return StopRequest{.initctl = true};
    if (allowed(StopFlags::signal)) return by_signal(init, kind);
    return std::nullopt;
}

namespace {

// Returns whether the init waits in rt_sigtimedwait(2), as sigwait(3) does: meanwhile the signals
// that it waits for are in no mask of /proc/PID/status. Which ones they are only its memory says,
// which is not read, because a file system of the container may make that take for ever. A kernel
// that does not tell the call may have any init wait.
bool waits_for_signals(const std::string& proc) {
    // rt_sigtimedwait(2) of 32-bit programs, and the one with a time of 64 bits
    constexpr long kCompat = 177, kTime64 = 421;
    std::optional<std::string> text;
    try {
        text = base::try_read_file(proc + "/syscall");
    } catch (const base::SystemError&) {
        // A security module may forbid to look; the kernel may lack the file.
    }
    if (!text) return true;
    const auto call = base::parse_number<long>(text->substr(0, text->find(' ')));
    return call == SYS_rt_sigtimedwait || call == kCompat || call == kTime64;
}

}  // namespace

InitFacts read_init_facts(pid_t init) {
    InitFacts facts;
    const std::string proc = fmt::format("/proc/{}", init);
    const std::string program = base::read_link(proc + "/exe").value_or("");
    // The container has named its files and its processes.
    facts.program = base::shown(program.substr(program.rfind('/') + 1));
    // busybox is one program of many names: only as init it takes an init's signals.
    const std::string name =
        base::shown(base::trim(base::try_read_file(proc + "/comm").value_or("")));
    if (facts.program == "busybox" && name != "init" && name != "linuxrc") facts.program = name;
    const auto mask = [init](std::string_view key) {
        const auto text = base::status_value(init, key);
        return text ? base::parse_number<std::uint64_t>(*text, 16).value_or(0) : 0;
    };
    facts.caught = mask("SigCgt");
    facts.waits = waits_for_signals(proc);
    facts.blocked = mask("SigBlk");
    const base::UniqueFd root = base::open_file(proc + "/root", O_PATH | O_DIRECTORY);
    for (const char* path : kPipes) {
        const auto pipe = base::try_open_in_root(root, path, O_PATH);
        struct stat info {};
        if (pipe && ::fstat(pipe->get(), &info) == 0 && S_ISFIFO(info.st_mode))
            facts.initctl = true;
    }
    return facts;
}

namespace {

// Returns the host's id of the user 0 of the init's user namespace; nothing where it has none.
std::optional<uid_t> inner_root(pid_t init) {
    for (const base::IdRange& range : base::read_id_map(fmt::format("/proc/{}/uid_map", init)))
        if (range.inside == 0) return range.outside;
    return std::nullopt;
}

}  // namespace

void write_initctl(pid_t init, StopKind kind) {
    // struct init_request of initreq.h: 384 bytes, in the host's byte order.
    struct Request {
        std::int32_t magic = 0x03091969;
        std::int32_t command = 1;  // change the run level
        std::int32_t run_level = 0;
        std::int32_t sleep = 0;
        std::array<char, 368> reserved{};
    };
    static_assert(sizeof(Request) == 384);
    Request request;
    request.run_level = kind == StopKind::reboot ? '6' : '0';
    const base::UniqueFd root =
        base::open_file(fmt::format("/proc/{}/root", init), O_PATH | O_DIRECTORY);
    const std::optional<uid_t> owner = inner_root(init);
    for (const char* path : kPipes) {
        const auto pipe = base::try_open_in_root(root, path, O_PATH);
        struct stat info {};
        // The pipe must belong to the container's root, who could write to it, too: behind the name
        // the container may show a pipe of the host's init.
        if (!pipe || ::fstat(pipe->get(), &info) != 0 || !S_ISFIFO(info.st_mode) ||
            info.st_uid != owner)
            continue;
        // The path in /proc/self/fd leads to the pipe that was checked, whatever its name leads to
        // by now. The open does not block: a pipe that nobody reads must not hold this command
        // (ENXIO).
        const base::UniqueFd writer =
            base::open_file(fmt::format("/proc/self/fd/{}", pipe->get()), O_WRONLY | O_NONBLOCK);
        base::write_all(writer, {reinterpret_cast<const char*>(&request), sizeof request}, path);
        return;
    }
    base::fail(base::ErrorCode::operation_unsupported,
               "Container does not provide an initctl pipe");
}

}  // namespace lxvirt::driver
