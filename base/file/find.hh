// The files that a user means by a list of files and folders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

struct FoundFiles {
    std::vector<std::string> files;
    std::vector<std::string> problems;  // what cannot be looked at: sentences that name it
};

// Each path that is no folder, as it stands; and of each folder, and those in it, every regular
// file whose name ends in `suffix`, sorted. Names that begin with a dot are passed over (".git").
// Links are followed; a file or folder that is reached twice counts once, so that loops end.
[[nodiscard]] FoundFiles find_files(const std::vector<std::string>& paths, std::string_view suffix);

}  // namespace lxvirt::base
