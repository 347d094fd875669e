#include "base/process/build_tree.hh"

#include <sys/stat.h>

#include "base/file/file.hh"

namespace lxvirt::base {

namespace {

constexpr int kMostLevels = 3;

bool everybody_may_write(const std::string& folder) {
    struct stat info = {};
    return ::stat(folder.c_str(), &info) != 0 || (info.st_mode & S_IWOTH) != 0;
}

std::optional<BuildTree> tree_at(const std::string& folder) {
    if (everybody_may_write(folder)) return {};
    auto text = try_read_file(folder + "/" + kBuildTreeFile, 4096);
    if (!text || !text->starts_with('/') || !text->ends_with('\n')) return {};
    text->pop_back();
    return BuildTree{.build = folder, .source = *text};
}

}  // namespace

std::optional<BuildTree> build_tree_of(const std::string& program) {
    if (!program.starts_with('/')) return {};
    std::string folder = parent_folder(program);
    for (int level = 0; level < kMostLevels && folder.size() > 1; ++level) {
        folder = parent_folder(folder);
        if (auto tree = tree_at(folder)) return tree;
    }
    return {};
}

std::optional<BuildTree> own_build_tree() {
    return build_tree_of(read_link("/proc/self/exe").value_or(""));
}

}  // namespace lxvirt::base
