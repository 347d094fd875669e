#include "driver/apply/export.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/network/definitions.hh"
#include "driver/store/definitions.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

constexpr std::string_view kSuffix = ".xml";
constexpr mode_t kMode = 0666;  // the user's mask takes from it

void write_one(Exported& exported, const std::string& path, const std::string& text) {
    if (base::try_read_file(path) == text) {
        ++exported.unchanged;
        return;
    }
    base::write_atomic(path, text, kMode, base::Durability::volatile_);
    ++exported.written;
    exported.files.push_back(path);
}

template <typename Definitions, typename Format>
void export_kind(Exported& exported, const Definitions& definitions, const std::string& folder,
                 Format&& format) {
    const std::vector<std::string> names = definitions.names();
    if (!names.empty()) base::make_folders(folder);
    for (const std::string& name : names) {
        try {
            if (const auto object = definitions.load(name))
                write_one(exported, fmt::format("{}/{}{}", folder, name, kSuffix), format(*object));
        } catch (const base::Exception& error) {
            exported.problems.push_back(error.message());
        }
    }
    for (const std::string& file : base::list_folder(folder)) {
        if (file.starts_with('.') || !file.ends_with(kSuffix)) continue;
        const std::string name = file.substr(0, file.size() - kSuffix.size());
        if (!std::binary_search(names.begin(), names.end(), name))
            exported.strangers.push_back(folder + "/" + file);
    }
}

}  // namespace

Exported export_definitions(const Root& root, const std::string& folder) {
    Exported exported;
    base::make_folders(folder);
    export_kind(
        exported, NetworkDefinitions(root), folder + "/networks",
        [](const xml::Network& network) { return xml::format_network(network); });
    export_kind(exported, Definitions(root), folder + "/domains",
                [](const xml::Domain& domain) { return xml::format_domain(domain); });
    return exported;
}

}  // namespace lxvirt::driver
