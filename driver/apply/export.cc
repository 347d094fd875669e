#include "driver/apply/export.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/find.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::driver {

namespace {

constexpr std::string_view kSuffix = ".xml";
// Nobody else may change a file that apply reads, whatever the umask is.
constexpr mode_t kMode = 0644;

// A folder that is written to, held open so that nobody can put another in its place.
struct Folder {
    base::UniqueFd fd;
    std::string path;
};

// Opens `name` in `parent`, where it may be no link. Throws Error where somebody else may change it.
Folder open_folder(base::Fd parent, const std::string& name, const std::string& path, int more) {
    Folder folder{base::openat_quietly(parent, name, O_RDONLY | O_DIRECTORY | more), path};
    if (!folder.fd) base::fail_errno("open folder '{}'", path);
    struct stat facts {};
    if (::fstat(folder.fd.get(), &facts) != 0) base::fail_errno("stat '{}'", path);
    if (const auto why = base::distrusted(facts.st_uid, facts.st_mode, path))
        base::fail(base::ErrorCode::operation_denied, "{}", *why);
    return folder;
}

// Writes a file unless it has this text already.
void write_one(Exported& exported, const Folder& folder, const std::string& name,
               const std::string& text) {
    const std::string path = fmt::format("{}/{}", folder.path, name);
    struct stat facts {};
    if (::fstatat(folder.fd.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0) {
        base::require_regular(facts.st_mode, path);
        const base::UniqueFd old =
            base::open_regular_at(folder.fd, name, O_RDONLY, base::Links::refuse, path);
        if (static_cast<std::size_t>(facts.st_size) == text.size() &&
            base::read_all(old, path) == text) {
            ++exported.unchanged;
            return;
        }
    } else if (errno != ENOENT) {
        base::fail_errno("stat '{}'", path);
    }
    base::replace_file_at(folder.fd, name, text, kMode, path);
    ++exported.written;
    exported.files.push_back(path);
}

// Writes the definitions of `names`, which are sorted, to the folder `kind` of `top`; `text` returns
// the one of a name.
template <typename Text>
void export_kind(Exported& exported, const std::vector<std::string>& names, const Folder& top,
                 const std::string& kind, Text&& text) {
    const std::string folder = fmt::format("{}/{}", top.path, kind);
    if (!names.empty() && ::mkdirat(top.fd.get(), kind.c_str(), 0755) != 0 && errno != EEXIST)
        base::fail_errno("make folder '{}'", folder);
    Folder opened;
    if (!names.empty()) opened = open_folder(top.fd, kind, folder, O_NOFOLLOW);
    for (const std::string& name : names) {
        try {
            write_one(exported, opened, fmt::format("{}{}", name, kSuffix), text(name));
        } catch (const base::Exception& error) {
            exported.problems.push_back(error.message());
        }
    }
    for (const std::string& file : base::list_folder(folder)) {
        if (file.starts_with('.') || !file.ends_with(kSuffix)) continue;
        const std::string name = file.substr(0, file.size() - kSuffix.size());
        if (!std::binary_search(names.begin(), names.end(), name))
            exported.unknown_files.push_back(folder + "/" + file);
    }
}

// Returns the names of a list's rows, sorted.
template <typename Row>
std::vector<std::string> names_of(const std::vector<Row>& rows) {
    std::vector<std::string> names;
    for (const Row& row : rows) names.push_back(row.name);
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

Exported export_definitions(const Connection& connection, const std::string& folder) {
    Exported exported;
    base::make_folders(folder);
    const Folder top = open_folder(base::Fd(AT_FDCWD), folder, folder, 0);
    const Networks& networks = connection.networks();
    export_kind(
        exported, names_of(networks.list({.persistent = true})), top, "networks",
        [&](const std::string& name) {
            return networks.xml_desc({name, ""}, XmlFlags::inactive);
        });
    export_kind(exported, names_of(connection.list_all_domains({.persistent = true})), top,
                "domains", [&](const std::string& name) {
                    return connection.xml_desc({name, "", -1}, XmlFlags::inactive);
                });
    return exported;
}

}  // namespace lxvirt::driver
