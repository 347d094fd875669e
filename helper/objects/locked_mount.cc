#include "helper/objects/locked_mount.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount.hh"
#include "base/file/socket.hh"
#include "base/process/process.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"
#include "helper/exchange/sync.hh"

namespace lxvirt::helper {

namespace {

using base::Fd;
using base::UniqueFd;

constexpr std::size_t kMaxAnswer = 16384;  // bytes
// The child mounts over this folder. Who has something mounted over "/" may make no user namespace
// (user_namespaces(7), EPERM after chroot(2)).
constexpr const char* kCovered = "/proc";
constexpr const char* kPlace = "tree";  // the mount point, in a tmpfs that only the child sees

bool is_folder(Fd fd, const std::string& name) {
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) base::fail_errno("stat '{}'", name);
    return S_ISDIR(info.st_mode);
}

// Makes the mount point as a folder or as a file, and attaches the tree there.
void attach_in(Fd folder, Fd tree, const std::string& name) {
    if (is_folder(tree, name)) {
        if (::mkdirat(folder.get(), kPlace, 0755) != 0)
            base::fail_errno("make a mount point for '{}'", name);
    } else if (!base::openat_quietly(folder, kPlace, O_CREAT | O_WRONLY, 0644)) {
        base::fail_errno("make a mount point for '{}'", name);
    }
    base::attach_mount(tree, base::openat_quietly(folder, kPlace, O_PATH), name);
}

// Runs in a process of its own, which no mount namespace of others learns of. The working folder
// moves along into the second namespace, in which everything is locked.
UniqueFd copy_locked(Fd tree, const std::string& name) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        base::fail_errno("make a mount namespace to lock '{}' in", name);
    const UniqueFd folder = base::make_mount("tmpfs", "tmpfs", {{"mode", "755"}}, 0);
    base::attach_mount(folder, base::open_file(kCovered, O_PATH | O_DIRECTORY), kCovered);
    attach_in(folder, tree, name);
    if (::fchdir(folder.get()) != 0) base::fail_errno("enter a tmpfs");
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        base::fail_errno("make a user namespace to lock '{}' in", name);
    return base::clone_mount(base::open_file(kPlace, O_PATH), true, name);
}

[[noreturn]] void run_child(Fd tree, const std::string& name, Fd channel) noexcept {
    try {
        try {
            if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) base::fail_errno("end with the caller");
            const UniqueFd copy = copy_locked(tree, name);
            SyncReport report;
            report.ready = true;
            base::send_message(channel, base::encode(report), {copy});
        } catch (const base::Exception& error) {
            send_failure(channel, error);
        }
    } catch (const std::exception&) {
        // Nobody is left to hear of it.
    }
    ::_exit(0);
}

}  // namespace

base::UniqueFd lock_attributes(Fd tree, const std::string& name) {
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    const auto child = base::fork_process(fmt::format("make a process that locks '{}'", name));
    if (!child) {
        ours.reset();
        run_child(tree, name, theirs);
    }
    theirs.reset();
    auto message = base::receive_message(ours, kMaxAnswer);
    (void)base::reap(*child, true);
    if (!message)
        base::fail(base::ErrorCode::operation_failed, "the process that locked '{}' was killed",
                   name);
    require_ready(base::decode<SyncReport>(message->bytes, "locked mount"));
    if (message->fds.size() != 1)
        base::fail(base::ErrorCode::internal_error, "no locked mount came for '{}'", name);
    return std::move(message->fds.front());
}

}  // namespace lxvirt::helper
