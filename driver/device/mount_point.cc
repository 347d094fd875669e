#include "driver/device/mount_point.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/file/socket.hh"
#include "base/process/capability.hh"
#include "base/process/process.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"
#include "helper/exchange/sync.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::UniqueFd;

constexpr std::chrono::seconds kPatience(10);
constexpr std::size_t kMaxAnswer = 16384;  // bytes
constexpr int kChannel = 3, kRoot = 4;     // descriptors of the child
constexpr char kKeep = 'k';                // this process to the child: the mount is there

// Returns the bounding set of the container's init, which limits what its root can have.
base::CapabilitySet bounding_set(pid_t init) {
    const auto text = base::status_value(init, "CapBnd");
    const auto set = text ? base::parse_number<base::CapabilitySet>(*text, 16) : std::nullopt;
    if (!set) base::fail(ErrorCode::internal_error, "'/proc/{}/status' has no CapBnd", init);
    return *set;
}

// --- in the child

// Keeps the two descriptors as kChannel and kRoot, and closes all others, among them the caller's
// operation lock.
void close_others(base::Fd channel, base::Fd root) {
    const UniqueFd high_channel(::fcntl(channel.get(), F_DUPFD, kRoot + 1));
    const UniqueFd high_root(::fcntl(root.get(), F_DUPFD, kRoot + 1));
    if (::dup2(high_channel.get(), kChannel) < 0 || ::dup2(high_root.get(), kRoot) < 0)
        base::fail_errno("keep two descriptors");
    // Whoever reads the output of lxsh does not wait for this process.
    if (::close_range(0, kChannel - 1, 0) != 0 || ::close_range(kRoot + 1, ~0U, 0) != 0)
        base::fail_call("close_range", "close the files of lxsh");
}

// Becomes the container's root, with the files of the container.
void become_root_of(const Guest& guest) {
    const base::CapabilitySet rights = bounding_set(guest.init());
    const int users = is_own_namespace(guest.users(), "user") ? 0 : CLONE_NEWUSER;
    if (::setns(guest.process().get(), CLONE_NEWNS | users) != 0)
        base::fail_errno("enter the container's namespaces");
    base::become_root();
    base::limit_capabilities(rights);
    (void)::umask(0022);
}

struct Made {
    UniqueFd fd;      // O_PATH
    UniqueFd parent;  // invalid where nothing was made
    std::string name;
};

// Makes the last part of the path where the others exist.
Made make_last(base::Fd root, const std::string& path, bool folder) {
    Made made;
    made.name = path.substr(path.rfind('/') + 1);
    made.parent = base::open_in_root(root, base::parent_folder(path), O_PATH | O_DIRECTORY);
    if (folder) {
        if (::mkdirat(made.parent.get(), made.name.c_str(), 0755) != 0)
            base::fail_errno("make folder '{}' of the container", path);
    } else {
        const UniqueFd file = base::openat_quietly(made.parent, made.name,
                                                   O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0644);
        if (!file) base::fail_errno("make file '{}' of the container", path);
    }
    made.fd = base::openat_quietly(made.parent, made.name, O_PATH | O_NOFOLLOW);
    if (!made.fd) base::fail_errno("open '{}' of the container", path);
    return made;
}

Made find_or_make(base::Fd root, const std::string& path, bool folder) {
    if (auto found = base::try_open_in_root(root, path, O_PATH)) {
        struct stat info {};
        if (::fstat(found->get(), &info) != 0) base::fail_errno("stat '{}'", path);
        if (S_ISDIR(info.st_mode) != folder)
            base::fail_with(folder ? ENOTDIR : EISDIR, "mount on '{}' of the container", path);
        return {std::move(*found), {}, {}};
    }
    base::make_folders_in_root(root, base::parent_folder(path));
    return make_last(root, path, folder);
}

void serve(const Guest& guest, const std::string& path, bool folder, base::Fd channel) {
    sigset_t all;
    ::sigfillset(&all);
    (void)::sigprocmask(SIG_BLOCK, &all, nullptr);  // ^C is the parent's business
    become_root_of(guest);
    close_others(channel, guest.root());
    channel = base::Fd(kChannel);
    // A change of credentials clears the wish, so it comes after. A parent that has ended before
    // has closed its end of the channel.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) base::fail_errno("end with lxsh");
    const Made made = find_or_make(base::Fd(kRoot), path, folder);
    helper::SyncReport report;
    report.ready = true;
    base::send_message(channel, base::encode(report), {made.fd});
    // While something is to be removed, the end of the parent must not end this process.
    if (made.parent && ::prctl(PR_SET_PDEATHSIG, 0) != 0) base::fail_errno("outlive lxsh");
    if (helper::await_word(channel, kKeep) || !made.parent) return;
    // The kernel refuses this for a mount point, and for a folder that is not empty.
    (void)::unlinkat(made.parent.get(), made.name.c_str(), folder ? AT_REMOVEDIR : 0);
}

[[noreturn]] void run_child(const Guest& guest, const std::string& path, bool folder,
                            base::Fd channel) noexcept {
    try {
        try {
            serve(guest, path, folder, channel);
        } catch (const base::Exception& error) {
            helper::send_failure(channel, error);
        }
    } catch (const std::exception&) {
        // Nobody is left to hear of it.
    }
    ::_exit(0);
}

}  // namespace

MountPoint::MountPoint(const Guest& guest, const std::string& path, bool folder) {
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    auto child = base::fork_process(fmt::format("make a process for '{}' of the container", path));
    if (!child) {
        ours.reset();
        base::begin_test_program("lxc_mount_point");
        run_child(guest, path, folder, theirs);
    }
    child_ = std::move(*child);
    theirs.reset();
    channel_ = std::move(ours);
    try {
        if (!base::wait_readable(channel_, kPatience))
            base::fail(ErrorCode::operation_timeout,
                       "the file system of '{}' in the container does not answer", path);
        auto message = base::receive_message(channel_, kMaxAnswer);
        if (!message)
            base::fail(ErrorCode::operation_failed,
                       "the process that looked for '{}' in the container was killed", path);
        helper::require_ready(base::decode<helper::SyncReport>(message->bytes, "mount point"));
        if (message->fds.size() != 1)
            base::fail(ErrorCode::internal_error, "no mount point came for '{}'", path);
        fd_ = std::move(message->fds.front());
    } catch (...) {
        (void)base::send_signal(child_, SIGKILL);
        end();
        throw;
    }
}

MountPoint::~MountPoint() {
    end();
}

void MountPoint::keep() {
    helper::send_word(channel_, kKeep);
}

// Closes the channel, at which the child ends, and waits for that. A child that waits for a file
// system of the container may take neither the hang-up nor a kill; it is left to PID 1, since the
// caller holds the domain's lock.
void MountPoint::end() noexcept {
    channel_.reset();
    try {
        if (!child_) return;
        if (!base::wait_readable(child_, kPatience / 5)) (void)base::send_signal(child_, SIGKILL);
        if (base::wait_readable(child_, kPatience / 10)) (void)base::reap(child_, true);
    } catch (const base::Exception&) {
        // The child ends by itself; PID 1 reaps it.
    }
    child_.reset();
}

}  // namespace lxvirt::driver
