#include "base/file/find.hh"

#include <sys/stat.h>

#include <set>
#include <utility>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::base {

namespace {

class Finder {
  public:
    explicit Finder(std::string_view suffix) : suffix_(suffix) {}

    void look(const std::string& path, bool given) {
        struct stat facts = {};
        if (::stat(path.c_str(), &facts) != 0) {
            const int error = errno;
            if (given || wanted(path))
                found.problems.push_back(
                    SystemError(error, fmt::format("read '{}'", path)).message());
            return;
        }
        // A user may name the same folder twice, or a link may lead back up: what was visited is
        // known by device and inode.
        const bool is_folder = S_ISDIR(facts.st_mode);
        if (!is_folder && !given && !wanted(path)) return;
        if (!seen_.emplace(facts.st_dev, facts.st_ino).second) return;
        if (is_folder)
            look_into(path);
        else if (given || S_ISREG(facts.st_mode))
            found.files.push_back(path);
        else
            found.problems.push_back(fmt::format("'{}' is no regular file", path));
    }

    FoundFiles found;

  private:
    [[nodiscard]] bool wanted(std::string_view path) const { return path.ends_with(suffix_); }

    void look_into(const std::string& folder) {
        std::vector<std::string> names;
        try {
            names = list_folder(folder);
        } catch (const SystemError& error) {
            found.problems.push_back(error.message());
        }
        const std::string_view slash = folder.ends_with('/') ? "" : "/";
        for (const std::string& name : names)
            if (!name.starts_with('.')) look(fmt::format("{}{}{}", folder, slash, name), false);
    }

    std::string_view suffix_;
    std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

FoundFiles find_files(const std::vector<std::string>& paths, std::string_view suffix) {
    Finder finder(suffix);
    for (const std::string& path : paths) finder.look(path, true);
    return std::move(finder.found);
}

}  // namespace lxvirt::base
