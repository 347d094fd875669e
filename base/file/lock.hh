// The two locks of every domain and network. The lock files of a root stand in one folder and are
// never unlinked: a process that waits for a lock on an unlinked file would get a lock that nobody
// else sees.
//
//   lock           file        kind                               held by
//   RecordLock     NAME.alive  POSIX record lock (fcntl(2),       the supervisor, all its life
//                              F_SETLK)
//   OperationLock  NAME.op     open file description lock         a command, while it changes the
//                              (F_OFD_SETLK)                      object; its children may share it
//
// A record lock belongs to a process: fork(2) does not pass it on, execve(2) keeps it, and F_GETLK
// tells the pid of its holder, which is how "does it run?" is answered. An open file description
// lock belongs to the descriptor: a child that inherits the descriptor holds the lock too, until
// both have closed it.
//
// The kernel drops a process's record lock as soon as that process closes *any* descriptor of the
// file. Therefore the holder opens the file exactly once, and never calls record_lock_holder() on
// it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.hh"

namespace lxvirt::base {

// Holds a POSIX record lock until it is destroyed.
class RecordLock {
  public:
    // Opens the file, creating it with mode 0600, and takes the lock. Returns nothing where another
    // process holds it; never waits. Throws SystemError.
    [[nodiscard]] static std::optional<RecordLock> try_acquire(const std::string& path);

    // Takes over a lock that came with this process's execve(2), on the inherited `fd`. `path` is
    // for error messages. Throws SystemError where this process does not hold the lock and cannot
    // take it.
    [[nodiscard]] static RecordLock adopt(UniqueFd fd, const std::string& path);

    // Returns the descriptor, borrowed. Do not close a duplicate of it: that would drop the lock.
    [[nodiscard]] Fd fd() const { return fd_; }
    // Clears (`keep`) or sets close-on-exec; for a holder that is about to execute itself anew.
    void keep_over_exec(bool keep) const;
    // Makes the file anew and locks it, if somebody has removed it. Throws SystemError.
    void renew(const std::string& path);
    // Drops the lock before the object is destroyed.
    void release() { fd_.reset(); }

  private:
    explicit RecordLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// Returns the pid of the process that holds the record lock on `path`: 0 where the holder has no
// pid in this pid namespace, nothing where nobody holds it or the file is absent. Takes no lock.
// Throws SystemError.
[[nodiscard]] std::optional<pid_t> record_lock_holder(const std::string& path);

// Returns the pid of the process called `program` (proc_pid_comm(5)) that has the file `path` open
// although somebody has removed it; nothing where there is none. Looks at every process.
[[nodiscard]] std::optional<pid_t> holder_of_removed(const std::string& path,
                                                     std::string_view program);

// The time that a command waits for another one on the same object, unless operation_timeout in
// lxvirt.conf says otherwise.
inline constexpr std::chrono::milliseconds kOperationLockLimit = std::chrono::seconds(30);

// Sets a function that OperationLock::acquire() calls once, with the path of the lock's file and
// "PID COMMAND" of its holder, when it has waited for a second. A program that talks to a person
// says so then.
void set_wait_notice(
    std::function<void(const std::string& path, const std::string& holder)> notice);

// Holds an open file description lock until it and all duplicates of its descriptor are closed.
class OperationLock {
  public:
    // Opens the file, creating it with mode 0600, and takes the lock. Waits at most `limit`, then
    // throws Error(operation_timeout) with libvirt's words, "cannot acquire state change lock (held
    // by PID COMMAND)". While the lock is held, the file contains "PID COMMAND" of the process that
    // took it.
    [[nodiscard]] static OperationLock acquire(
        const std::string& path, std::chrono::milliseconds limit = kOperationLockLimit);

    // Takes the lock without waiting; returns nothing where it is held. Throws SystemError.
    [[nodiscard]] static std::optional<OperationLock> try_acquire(const std::string& path);

    // Returns the descriptor, borrowed and close-on-exec. A child that is to hold the lock too gets
    // a duplicate of it.
    [[nodiscard]] Fd fd() const { return fd_; }

  private:
    explicit OperationLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// Returns "PID COMMAND" of the holder, read from the file, for error messages. The text may be that
// of an earlier holder.
[[nodiscard]] std::string operation_lock_holder(const std::string& path);

}  // namespace lxvirt::base
