// The two locks of every object (design, hard part 3). Lock files stand in one folder and are never
// unlinked: a lock on a file that another program replaces would lock nothing.
//
//   RecordLock     NAME.alive: held by a supervisor for life. A POSIX record lock (fcntl(2),
//   F_SETLK):
//                  not inherited by fork, kept over execve, and F_GETLK tells the holder's pid.
//   OperationLock  NAME.op: held while an operation runs. An open-file-description lock
//   (F_OFD_SETLK):
//                  a child that inherits the descriptor holds it too, until both have closed it.
//
// The kernel drops a record lock when its holder closes *any* descriptor of that file: the holder
// opens it exactly once and never calls record_lock_holder() on it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.hh"

namespace lxvirt::base {

class RecordLock {
  public:
    // Opens (and creates, mode 0600) the file and takes the lock; nothing where another process
    // holds it. Throws SystemError.
    [[nodiscard]] static std::optional<RecordLock> try_acquire(const std::string& path);

    // The lock that came over execve on `fd`. Throws SystemError where this process does not hold
    // it and cannot take it.
    [[nodiscard]] static RecordLock adopt(UniqueFd fd, const std::string& path);

    [[nodiscard]] Fd fd() const { return fd_; }
    // Clears or sets close-on-exec: for the holder that is about to execve itself.
    void keep_over_exec(bool keep) const;
    // Before its time.
    void release() { fd_.reset(); }

  private:
    explicit RecordLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// The pid of the process that holds the record lock on `path`, as this pid namespace numbers it (0
// where it has no number here); nothing where nobody does or the file is absent. Throws
// SystemError.
[[nodiscard]] std::optional<pid_t> record_lock_holder(const std::string& path);

inline constexpr std::chrono::milliseconds kOperationLockLimit = std::chrono::seconds(30);

class OperationLock {
  public:
    // Opens (and creates, mode 0600) the file and takes the lock, waiting at most `limit`; then
    // Error(operation_timeout, "cannot acquire state change lock (held by PID COMMAND)").
    // While it is held the file reads "PID COMMAND" of the process that took it.
    [[nodiscard]] static OperationLock acquire(
        const std::string& path, std::chrono::milliseconds limit = kOperationLockLimit);

    // Nothing where it is held; never waits.
    [[nodiscard]] static std::optional<OperationLock> try_acquire(const std::string& path);

    // Close-on-exec; a child that is to hold the lock too gets a duplicate.
    [[nodiscard]] Fd fd() const { return fd_; }

  private:
    explicit OperationLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// "PID COMMAND" of who holds the operation lock, as the file says; for error messages.
[[nodiscard]] std::string operation_lock_holder(const std::string& path);

}  // namespace lxvirt::base
