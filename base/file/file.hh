// Reads whole files and writes them so that a crash leaves no half file. A file that is replaced is
// written under a temporary name beside it, flushed by fsync(2), renamed over the old one by
// rename(2), and its folder is flushed. A reader sees the old content or the new, never a part.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Opens `path` as open(2) does, with O_CLOEXEC added. Throws SystemError.
[[nodiscard]] UniqueFd open_file(const std::string& path, int flags, mode_t mode = 0600);

// Says whether a symbolic link in the place of a file is followed. Nobody puts links into /run, so
// the files of supervisors are opened with `refuse`.
enum class Links { follow, refuse };

// Opens the regular file `path` with `flags`, to which it adds O_CLOEXEC, O_NONBLOCK and O_NOCTTY;
// a file that O_CREAT makes gets `mode`. Anything else in its place (a FIFO, a device, a socket) is
// refused without being opened, so that no open(2) waits and no driver is asked: SystemError(EINVAL),
// or EISDIR for a folder. Throws SystemError on any failure; try_open_regular() returns nothing where
// the file is absent (ENOENT, ENOTDIR).
[[nodiscard]] UniqueFd open_regular(const std::string& path, int flags, Links links = Links::follow,
                                    mode_t mode = 0600);
[[nodiscard]] std::optional<UniqueFd> try_open_regular(const std::string& path, int flags,
                                                       Links links = Links::follow);
// Opens `name` in the folder `folder` in the same way; `shown` names it in errors.
[[nodiscard]] UniqueFd open_regular_at(Fd folder, const std::string& name, int flags, Links links,
                                       const std::string& shown, mode_t mode = 0600);
// Opens for reading a file that the user named: a regular file, or an unnamed pipe, which can only be
// one of the caller's own descriptors (/dev/stdin) and whose writer is waited for. Throws SystemError.
[[nodiscard]] UniqueFd open_named_by_user(const std::string& path);

// Opens `path`, a regular file or a block device with a file system in it, with `flags` in the same
// way. Throws SystemError.
[[nodiscard]] UniqueFd open_image(const std::string& path, int flags);

// Throws the SystemError of open_regular() unless `mode` (struct stat) is that of a regular file.
void require_regular(mode_t mode, const std::string& shown);

// Returns the whole regular file, at most `limit` bytes; a longer file is SystemError(EFBIG).
// read_file() throws SystemError on any failure, try_read_file() returns nothing where the file is
// absent (ENOENT, ENOTDIR), or is one of a process in /proc that has ended (ESRCH).
[[nodiscard]] std::string read_file(const std::string& path, std::size_t limit = 16U << 20);
[[nodiscard]] std::optional<std::string> try_read_file(const std::string& path,
                                                       std::size_t limit = 16U << 20);
// Reads a file that a program of lxvirt keeps below /run: as try_read_file(), with no link followed.
[[nodiscard]] std::optional<std::string> try_read_state(const std::string& path,
                                                        std::size_t limit = 16U << 20);
// Reads `fd` to its end; `name` is for error messages.
[[nodiscard]] std::string read_all(Fd fd, const std::string& name, std::size_t limit = 16U << 20);

// Writes all of `data`, and goes on after EINTR and short writes. Throws SystemError that names
// `name`.
void write_all(Fd fd, std::string_view data, const std::string& name);

// Writes `value` with one open(2) and one write(2), without truncation and creation, as files of
// /proc, /sys and the control groups want it. Throws SystemError, also where the kernel takes only
// a part.
void write_value(const std::string& path, std::string_view value);

// Says whether a change has to survive a crash of the host. volatile_ is for /run, whose content a
// reboot removes anyway.
enum class Durability {
    volatile_,
    fsync
};  // volatile_: for /run, whose content a crash loses anyway

// Returns the temporary name that write_atomic() uses for `path`. The name is always the same, so
// that the file that a killed writer leaves behind is overwritten, or removed, by the next one.
[[nodiscard]] std::string temporary_of(const std::string& path);

// A new text for `path` that is on the disk under the temporary name, and takes the place of the old
// one at once: for a change of several steps, of which the one that needs space comes first.
class StagedFile {
  public:
    // Writes the text. Throws SystemError with nothing left.
    explicit StagedFile(std::string path, std::string_view data, mode_t mode = 0600,
                        Durability durability = Durability::fsync);
    // Removes what was not put.
    ~StagedFile();
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;
    // Puts the text in its place. Throws SystemError: the old text stays then.
    void put();
    // Called after put(): waits until the new text survives a crash of the host. Throws SystemError;
    // the new text is in its place all the same.
    void sync();

  private:
    void discard() noexcept;
    std::string path_;
    UniqueFd fd_;  // locked, so that no other writer takes the name; invalid once the text was put
    UniqueFd folder_;
};

// Replaces `path` in the way described above. On failure the old file stays and the temporary one
// is removed. Throws SystemError.
void write_atomic(const std::string& path, std::string_view data, mode_t mode = 0600,
                  Durability durability = Durability::fsync);

// Replaces the file `name` of the open folder `folder`, from a temporary file that it makes by
// O_EXCL; no link is followed. For folders that belong to users; does not wait for the disk. Two
// writers of one name may both succeed, and the file is then that of one of them. `shown` names the
// file in errors. Throws SystemError.
void replace_file_at(Fd folder, const std::string& name, std::string_view data, mode_t mode,
                     const std::string& shown);

// Flushes an open folder, so that files made, renamed or removed in it stay so after a crash; does
// nothing with an invalid descriptor. Open it before the change, so that only the disk can fail
// afterwards. `path` names it in errors. Throws SystemError.
void sync_folder(Fd folder, const std::string& path);

// Removes the file `path` and, with Durability::fsync, flushes its folder. Returns false where
// there was no such file. Throws SystemError.
bool remove_file(const std::string& path, Durability durability = Durability::volatile_);

// Makes `path` and the missing folders above it, as mkdir -p does; existing folders keep their
// mode. Throws SystemError.
void make_folders(const std::string& path, mode_t mode = 0755);

// Calls `take` with the name and the type (DT_* of readdir(3)) of each entry of the open folder but
// "." and "..", until `take` returns false. Takes the descriptor over, since its offset is shared
// with every copy; `shown` names the folder in errors. Throws SystemError.
void each_entry(UniqueFd folder, const std::string& shown,
                const std::function<bool(std::string_view name, unsigned char type)>& take);
// Returns the names in the folder `path` without "." and "..", sorted; none where the folder is
// absent. Throws SystemError.
[[nodiscard]] std::vector<std::string> list_folder(const std::string& path);

// Says whether `path` exists; links are followed. False, too, where access(2) fails for another
// reason.
[[nodiscard]] bool exists(const std::string& path);

// Returns the target of the symbolic link `path`, or nothing where `path` is no link.
[[nodiscard]] std::optional<std::string> read_link(const std::string& path);

// Returns the folder that `path` is in: "/a/b" for "/a/b/c", "." for a path without a slash.
[[nodiscard]] std::string parent_folder(const std::string& path);

}  // namespace lxvirt::base
