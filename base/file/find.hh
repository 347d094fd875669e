// Expands a user's list of files and folders into files, for commands that take both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

// The result of a search; files that cannot be examined do not end it.
struct FoundFiles {
    std::vector<std::string> files;
    std::vector<std::string> problems;  // one sentence for each path that could not be examined
};

// Returns each path of `paths` that is no folder as it is given, and for each folder all regular
// files in and below it whose names end in `suffix`, sorted within each folder. Names that begin
// with a dot are passed over (".git"). Symbolic links are followed; a file or folder that is
// reached twice counts once, so loops end.
[[nodiscard]] FoundFiles find_files(const std::vector<std::string>& paths, std::string_view suffix);

}  // namespace lxvirt::base
