#include "base/file/lock.hh"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

using std::chrono::milliseconds;

// Describes a lock on the whole file.
struct flock whole_file(short type) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;  // l_start and l_len are 0, the whole file; F_OFD_* require l_pid 0
}

UniqueFd open_lock(const std::string& path) {
    return open_regular(path, O_RDWR | O_CREAT, Links::refuse);
}

// Takes the lock without waiting. Returns false where another process or description holds it.
bool take(Fd fd, int command, const std::string& path) {
    struct flock lock = whole_file(F_WRLCK);
    while (::fcntl(fd.get(), command, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) return false;
        if (errno != EINTR) fail_errno("lock '{}'", path);
    }
    return true;
}

// Returns "PID COMMAND" of this process: the command line with blanks between the words, cut to one
// readable line.
std::string own_description() {
    constexpr std::size_t kLongest = 120;
    // Where /proc is missing, the pid alone still names the holder.
    std::string command = try_read_file("/proc/self/cmdline").value_or("");
    while (!command.empty() && command.back() == '\0') command.pop_back();
    // The folder of the program is left out.
    if (const auto slash = command.rfind('/', command.find('\0')); slash != std::string::npos)
        command.erase(0, slash + 1);
    for (char& c : command)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    if (command.size() > kLongest) command.resize(kLongest);
    return fmt::format("{} {}", ::getpid(), command);
}

// Writes who holds the lock into its file. Failures are ignored: the text only serves error
// messages, so a full disk must not keep anybody from the lock.
void describe_holder(Fd fd) {
    const std::string text = own_description() + "\n";
    (void)!uninterrupted([&] { return ::ftruncate(fd.get(), 0); });
    (void)!::pwrite(fd.get(), text.data(), text.size(), 0);
}

}  // namespace

std::optional<RecordLock> RecordLock::try_acquire(const std::string& path) {
    UniqueFd fd = open_lock(path);
    if (!take(fd, F_SETLK, path)) return std::nullopt;
    test_point("lock-taken");
    return RecordLock(std::move(fd));
}

RecordLock RecordLock::adopt(UniqueFd fd, const std::string& path) {
    // Locking again a file that the process has locked already changes nothing (fcntl(2)), so this
    // both checks and takes.
    if (!take(fd, F_SETLK, path))
        fail_with(EDEADLK, "adopt lock '{}': another process holds it", path);
    RecordLock lock(std::move(fd));
    lock.keep_over_exec(false);
    return lock;
}

void RecordLock::keep_over_exec(bool keep) const {
    if (::fcntl(fd_.get(), F_SETFD, keep ? 0 : FD_CLOEXEC) != 0) fail_errno("set close-on-exec");
}

void RecordLock::renew(const std::string& path) {
    if (exists(path)) return;
    if (auto fresh = try_acquire(path)) *this = std::move(*fresh);
}

std::optional<pid_t> holder_of_removed(const std::string& path, std::string_view program) {
    // The kernel's word for such a file (proc_pid_fd(5)).
    const std::string removed = path + " (deleted)";
    for (const std::string& entry : list_folder("/proc")) {
        const auto pid = parse_number<pid_t>(entry);
        if (!pid ||
            trim(try_read_file(fmt::format("/proc/{}/comm", entry)).value_or("")) != program)
            continue;
        const std::string folder = fmt::format("/proc/{}/fd", entry);
        try {
            for (const std::string& fd : list_folder(folder))
                if (read_link(folder + "/" + fd) == removed) return pid;
        } catch (const SystemError&) {
            // The process has ended, or the caller may not look.
        }
    }
    return std::nullopt;
}

std::optional<pid_t> record_lock_holder(const std::string& path) {
    const auto fd = try_open_regular(path, O_RDWR, Links::refuse);
    if (!fd) return std::nullopt;
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd->get(), F_GETLK, &lock) != 0) fail_errno("ask for the lock on '{}'", path);
    if (lock.l_type == F_UNLCK) return std::nullopt;
    return std::max<pid_t>(lock.l_pid, 0);
}

namespace {

constexpr auto kSilence = std::chrono::seconds(1);  // of a wait that nobody is told about

std::function<void(const std::string&, const std::string&)>& wait_notice() {
    static std::function<void(const std::string&, const std::string&)> notice;
    return notice;
}

}  // namespace

void set_wait_notice(
    std::function<void(const std::string& path, const std::string& holder)> notice) {
    wait_notice() = std::move(notice);
}

OperationLock OperationLock::acquire(const std::string& path, milliseconds limit) {
    const auto begin = std::chrono::steady_clock::now();
    const auto deadline = begin + limit;
    bool silent = true;
    UniqueFd fd = open_lock(path);
    // The blocking F_OFD_SETLKW knows no time limit but a signal. The sleeps grow from 1 ms to 50
    // ms: a short operation is noticed soon, and a long one costs little.
    milliseconds pause(1);
    while (!take(fd, F_OFD_SETLK, path)) {
        const auto left =
            std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left <= milliseconds::zero())
            fail(ErrorCode::operation_timeout, "cannot acquire state change lock (held by {})",
                 operation_lock_holder(path));
        if (silent && wait_notice() && std::chrono::steady_clock::now() - begin >= kSilence) {
            silent = false;
            wait_notice()(path, operation_lock_holder(path));
        }
        sleep_for(std::min(pause, left));
        pause = std::min(pause * 2, milliseconds(50));
    }
    describe_holder(fd);
    test_point("lock-taken");
    return OperationLock(std::move(fd));
}

std::optional<OperationLock> OperationLock::try_acquire(const std::string& path) {
    UniqueFd fd = open_lock(path);
    if (!take(fd, F_OFD_SETLK, path)) return std::nullopt;
    describe_holder(fd);
    test_point("lock-taken");
    return OperationLock(std::move(fd));
}

std::string operation_lock_holder(const std::string& path) {
    std::string text = try_read_state(path, 4096).value_or("");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.empty() ? "an unnamed process" : text;
}

}  // namespace lxvirt::base
