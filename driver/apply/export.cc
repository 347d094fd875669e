#include "driver/apply/export.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::driver {

namespace {

constexpr std::string_view kSuffix = ".xml";
constexpr mode_t kMode = 0666;  // umask(2) takes bits away

// Writes a file unless it has this text already; atomically, but without waiting for the disk, as
// the files are copies.
void write_one(Exported& exported, const std::string& path, const std::string& text) {
    if (base::try_read_file(path) == text) {
        ++exported.unchanged;
        return;
    }
    base::write_atomic(path, text, kMode, base::Durability::volatile_);
    ++exported.written;
    exported.files.push_back(path);
}

// Writes the definitions of `names`, which are sorted; `text` returns the one of a name.
template <typename Text>
void export_kind(Exported& exported, const std::vector<std::string>& names,
                 const std::string& folder, Text&& text) {
    if (!names.empty()) base::make_folders(folder);
    for (const std::string& name : names) {
        try {
            write_one(exported, fmt::format("{}/{}{}", folder, name, kSuffix), text(name));
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

template <typename Row>
// Returns the names of a list's rows, sorted.
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
    const Networks& networks = connection.networks();
    export_kind(
        exported, names_of(networks.list({.persistent = true})), folder + "/networks",
        [&](const std::string& name) {
            return networks.xml_desc({name, ""}, XmlFlags::inactive);
        });
    export_kind(exported, names_of(connection.list_all_domains({.persistent = true})),
                folder + "/domains", [&](const std::string& name) {
                    return connection.xml_desc({name, "", -1}, XmlFlags::inactive);
                });
    return exported;
}

}  // namespace lxvirt::driver
