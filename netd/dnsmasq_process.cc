#include "netd/dnsmasq_process.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"
#include "netd/dnsmasq_confine.hh"
#include "netd/log_limit.hh"

namespace lxvirt::netd {

namespace {

using namespace std::chrono_literals;

// Bounds of the wait for dnsmasq, for the start and for the end after SIGTERM.
constexpr auto kStartLimit = 20s;
constexpr auto kStopLimit = 3s;
// dnsmasq logs this line once its sockets are bound (dnsmasq.c).
constexpr const char* kReady = "started, version";

// Returns the topmost folder on the way to `path`, `path` included, that other users may not
// search; nothing where they may search all of them.
std::optional<std::string> barrier(const std::string& path) {
    for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
        const std::string folder = path.substr(0, at);
        struct stat facts = {};
        if (::stat(folder.c_str(), &facts) != 0) base::fail_errno("stat '{}'", folder);
        if ((facts.st_mode & S_IXOTH) == 0) return folder;
        if (at == std::string::npos) return std::nullopt;
    }
}

// Lets dnsmasq, an unprivileged user, reach its files below a private folder (the root of
// lxc:///embed in a home). In a mount namespace of its own an empty tmpfs stands in the place of
// the private folder, and only the way to dnsmasq's files is in there.
void open_way(const std::string& folder) {
    const auto hidden = barrier(folder);
    if (!hidden) return;
    if (::unshare(CLONE_NEWNS) != 0) base::fail_errno("make a mount namespace for dnsmasq");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        base::fail_errno("make the mounts of dnsmasq private");
    const base::UniqueFd files = base::open_file(folder, O_PATH | O_DIRECTORY);
    const base::UniqueFd clone = base::clone_mount(files, false, folder);
    if (::mount("lxvirt", hidden->c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                "mode=0755,size=64k") != 0)
        base::fail_errno("mount an empty folder on '{}'", *hidden);
    base::make_folders(folder);
    base::attach_mount(clone, base::open_file(folder, O_PATH | O_DIRECTORY), folder);
}

// Turns the child into dnsmasq.
[[noreturn]] void become(const DnsmasqSetup& setup, base::Fd log) {
    base::begin_test_program("dnsmasq");
    try {
        base::reset_signals();
        for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
            if (base::uninterrupted([&] { return ::dup2(log.get(), fd); }) < 0)
                base::fail_errno("replace descriptor {}", fd);
        (void)::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        open_way(setup.folder);
        if (setup.plan.confined) confine_dnsmasq(setup.plan.program, setup.folder);
        const std::string config = fmt::format("--conf-file={}/{}", setup.folder, kDnsmasqConfig);
        // Without --no-ping dnsmasq would wait three seconds for an answer to a ping before it
        // first offers an address.
        const char* const words[] = {"dnsmasq",          config.c_str(), "--keep-in-foreground",
                                     "--log-facility=-", "--no-ping",    nullptr};
        const char* const environment[] = {"LC_ALL=C", nullptr};
        (void)::execve(setup.plan.program.c_str(), const_cast<char* const*>(words),
                       const_cast<char* const*>(environment));
        base::fail_errno("execute '{}'", setup.plan.program);
    } catch (const base::Exception& error) {
        const std::string line = fmt::format("dnsmasq: {}\n", error.message());
        (void)!::write(log.get(), line.data(), line.size());
    }
    ::_exit(1);
}

// Returns the last line of the form "dnsmasq: bad option at line 3 of X", without its first word.
std::string complaint(std::string_view text) {
    constexpr std::string_view name = "dnsmasq: ";
    std::string found;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.starts_with(name)) found = line.substr(name.size());
    }
    return found;
}

void write_if_other(const std::string& path, const std::string& text) {
    if (base::try_read_state(path) == text) return;
    base::write_atomic(path, text, 0644, base::Durability::volatile_);
}

}  // namespace

void write_dnsmasq_files(const DnsmasqSetup& setup) {
    const std::string folder = setup.folder + "/";
    for (const char* name : {kGuestNames, kGuestAddresses})
        if (::mkdir((folder + name).c_str(), 0755) != 0 && errno != EEXIST)
            base::fail_errno("make folder '{}{}'", folder, name);
    write_if_other(folder + kDnsmasqConfig, setup.plan.config);
    write_if_other(folder + kDnsmasqHosts, setup.plan.hosts);
    write_if_other(folder + kDnsmasqAddnHosts, setup.plan.addn_hosts);
}

DnsmasqProcess::DnsmasqProcess(const DnsmasqSetup& setup) : log_file_(setup.log_file) {
    const base::UniqueFd log =
        base::open_regular(setup.log_file, O_RDWR | O_APPEND | O_CREAT, base::Links::refuse);
    struct stat facts = {};
    if (::fstat(log.get(), &facts) != 0) base::fail_errno("stat '{}'", setup.log_file);
    // The log may be cut only here; other writers open it for appending, and go on at the new end.
    if (facts.st_size > kLogLimit && ::ftruncate(log.get(), facts.st_size = 0) != 0)
        base::fail_errno("empty '{}'", setup.log_file);
    log_start_ = static_cast<std::size_t>(facts.st_size);
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.exit_signal = SIGCHLD;
    pid_ = base::clone3(args);
    if (pid_ < 0) base::fail_with(-pid_, "make a process for dnsmasq");
    if (pid_ == 0) become(setup, log);
    process_.reset(pidfd);
    base::test_point("dnsmasq-started");
}

// Returns what dnsmasq has logged since this start; a log that was cut meanwhile counts as a whole.
std::string DnsmasqProcess::new_log() const {
    std::string text = base::read_file(log_file_);
    return text.size() < log_start_ ? text : text.substr(log_start_);
}

// The log is the only place where dnsmasq tells that it listens, so it is polled each millisecond.
void DnsmasqProcess::await_ready() {
    const auto end = std::chrono::steady_clock::now() + kStartLimit;
    for (;;) {
        if (new_log().find(kReady) != std::string::npos) {
            base::test_point("dnsmasq-ready");
            return;
        }
        if (base::wait_readable(process_, 1ms)) {
            const base::ExitStatus status = reap();
            const std::string words = complaint(new_log());
            base::fail(base::ErrorCode::operation_failed, "dnsmasq: {}",
                       words.empty() ? status.text() : words);
        }
        if (std::chrono::steady_clock::now() < end) continue;
        stop();
        base::fail(base::ErrorCode::operation_timeout, "dnsmasq is not ready after {} s; see {}",
                   kStartLimit.count(), log_file_);
    }
}

void DnsmasqProcess::stop() {
    if (!process_) return;
    (void)base::send_signal(process_, SIGTERM);
    if (!base::wait_readable(process_, kStopLimit)) (void)base::send_signal(process_, SIGKILL);
    (void)reap();
}

base::ExitStatus DnsmasqProcess::reap() {
    const auto status = base::reap(process_, true);
    process_.reset();
    return status.value_or(base::ExitStatus{});
}

}  // namespace lxvirt::netd
