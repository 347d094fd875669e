// Whole-file reads and crash-safe writes. A definition is written to a temporary file beside its
// place, fsynced, renamed over it, and its folder is fsynced: a reader sees the old or the new one,
// never half (rename(2), fsync(2)).
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// open(2) relative to nothing, with O_CLOEXEC added. Throws SystemError.
[[nodiscard]] UniqueFd open_file(const std::string& path, int flags, mode_t mode = 0600);

// The whole file, at most `limit` bytes (then EFBIG). read_file throws SystemError;
// try_read_file returns nothing where the file is absent (ENOENT, ENOTDIR) and throws otherwise.
[[nodiscard]] std::string read_file(const std::string& path, std::size_t limit = 16U << 20);
[[nodiscard]] std::optional<std::string> try_read_file(const std::string& path,
                                                       std::size_t limit = 16U << 20);
[[nodiscard]] std::string read_all(Fd fd, const std::string& name, std::size_t limit = 16U << 20);

// Writes all of `data`, restarting on EINTR and short writes. Throws SystemError naming `name`.
void write_all(Fd fd, std::string_view data, const std::string& name);

// For files of /proc, /sys and cgroupfs: one open and one write(2), no truncation, no creation.
void write_value(const std::string& path, std::string_view value);

enum class Durability {
    volatile_,
    fsync
};  // volatile_: for /run, whose content a crash loses anyway

// Where write_atomic() has it before it is whole. Always the same name, so that what a kill leaves
// is written over, or removed, by whoever changes the file next.
[[nodiscard]] std::string temporary_of(const std::string& path);

// Replaces `path` as described above; the temporary file is removed on failure.
void write_atomic(const std::string& path, std::string_view data, mode_t mode = 0600,
                  Durability durability = Durability::fsync);

// What was made, renamed or removed in it is on the disk. Throws SystemError.
void sync_folder(const std::string& folder);

// Removes a file and, with Durability::fsync, syncs its folder; false where there was none.
bool remove_file(const std::string& path, Durability durability = Durability::volatile_);

// mkdir -p; folders that exist keep their mode. Throws SystemError.
void make_folders(const std::string& path, mode_t mode = 0755);

// Names in a folder without "." and "..", sorted; empty where the folder is absent.
[[nodiscard]] std::vector<std::string> list_folder(const std::string& path);
// The names of the folders in `path`, links not counted, in no order; none where it is absent. For
// file systems that tell an entry's type (readdir(3)), which those in memory do.
[[nodiscard]] std::vector<std::string> list_subfolders(const std::string& path);

[[nodiscard]] bool exists(const std::string& path);

// The target of a symbolic link; nothing where there is no such link.
[[nodiscard]] std::optional<std::string> read_link(const std::string& path);

// "/a/b" of "/a/b/c"; "." where there is no slash.
[[nodiscard]] std::string parent_folder(const std::string& path);

}  // namespace lxvirt::base
