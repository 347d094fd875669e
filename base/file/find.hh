// Reads a user's list of files and folders, for commands that take both: `apply` and `validate`.
//
// A folder may be the checkout of a repository, or lie beside containers, so its content is not
// trusted. The search goes from descriptor to descriptor. It follows no link out of the folder that
// was given, enters no other file system and no root of a container, and takes nothing from a user
// whom the caller need not trust. Whatever cannot be looked at is reported, never passed over in
// silence: to `apply --prune`, a file that was not seen must not look like one that is gone.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Names a file or folder, whatever its path is.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileId&) const = default;
    bool operator<(const FileId& other) const {
        return std::pair(device, inode) < std::pair(other.device, other.inode);
    }
};
// Returns the identity of what `path` names, links followed; nothing where stat(2) fails.
[[nodiscard]] std::optional<FileId> file_id(const std::string& path);

// A file with its text.
struct FoundFile {
    std::string path;  // beginning with the path that was given
    std::string text;
    // For a file of a folder: the folders above the file, from the root of the file system on. The
    // first `given` of them are the folder that was given and those above it.
    std::vector<FileId> folders;
    std::size_t given = 0;
};

// Decides about the files that a search meets, and takes them.
struct FileSearch {
    std::string_view suffix;  // the end of the names that are wanted: ".xml"
    // Takes a file, and must not throw a SystemError.
    std::function<void(FoundFile file)> on_file;
    // Takes one sentence for each path that could not be looked at.
    std::function<void(const std::string& path, const std::string& sentence)> on_problem;
    // Takes one sentence for each folder that is not looked into on purpose.
    std::function<void(const std::string& path, const std::string& sentence)> on_closed;
    // Returns why a folder must not be looked into ("is the root of domain 'web'"), nothing where it
    // may; `below` says whether the folder is below the one that was given. May be null.
    std::function<std::optional<std::string>(FileId folder, bool below)> why_closed;
};

inline constexpr unsigned kMaxSearchDepth = 32;             // levels of folders
inline constexpr std::size_t kMaxSearchNames = 200'000;     // names in all folders together
inline constexpr std::size_t kMaxSearchBytes = 256U << 20;  // bytes of all files together

// Takes each path of `paths` that is no folder as it is given, and of each folder all regular files
// in and below it whose names end in the suffix, sorted within each folder. Names that begin with a
// dot are passed over (".git"). A link to something within the given folder is followed; a file or
// folder that is reached twice counts once, so loops end. A path that was given may be a link or a
// pipe of the caller's, such as /dev/stdin.
void find_files(const std::vector<std::string>& paths, const FileSearch& search);

// Returns the sentence that refuses a file or folder whose owner or mode (struct stat) lets others
// change it than root, the caller, and the user who called sudo(8); nothing where it may be used.
[[nodiscard]] std::optional<std::string> distrusted(uid_t owner, mode_t mode,
                                                    const std::string& shown);

}  // namespace lxvirt::base
