#include "driver/apply/closed_folders.hh"

#include "base/error.hh"
#include "base/text/text.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

// Says whether the options of an <lx:mount>, fstab(5)'s, keep the container from writing.
bool is_readonly(std::string_view options) {
    bool readonly = false;
    for (const std::string_view option : base::split(options, ','))
        if (option == "ro" || option == "rw") readonly = option == "ro";
    return readonly;
}

}  // namespace

void ClosedFolders::add_folder(const std::string& source, const Reason& reason) {
    const auto id = source.starts_with('/') ? base::file_id(source) : std::nullopt;
    if (!id || id == base::file_id("/")) return;
    // That a folder is a root says more than that it is mounted somewhere.
    const auto [known, is_new] = folders_.try_emplace(*id, reason);
    if (!is_new && reason.is_root) known->second = reason;
}

void ClosedFolders::add(const xml::Domain& domain) {
    for (const xml::Filesystem& filesystem : domain.filesystems) {
        const bool is_root = filesystem.target == "/";
        if (filesystem.type == xml::FilesystemType::mount && (is_root || !filesystem.readonly))
            add_folder(filesystem.source, {domain.name, is_root});
    }
    for (const xml::ContainerMount& mount : domain.container.mounts)
        if (!is_readonly(mount.options)) add_folder(mount.source, {domain.name, false});
}

void ClosedFolders::add_all(const Connection& connection) {
    for (const DomainSummary& row : connection.list_all_domains({})) {
        const auto add_text = [&](const std::string& text) {
            try {
                add(xml::parse_domain(text, {.file = row.name, .defaults = false}).domain);
            } catch (const base::Exception&) {
                // No container can be started from a definition that cannot be read.
            }
        };
        if (const auto text = connection.stored_text(ObjectKind::domain, row.name)) add_text(*text);
        if (row.id < 0) continue;
        try {
            add_text(connection.xml_desc({row.name, "", row.id}));
        } catch (const base::Exception&) {
            // The domain has ended meanwhile.
        }
    }
}

std::optional<std::string> ClosedFolders::why(base::FileId folder, bool below) const {
    const auto known = folders_.find(folder);
    if (known == folders_.end() || (!below && !known->second.is_root)) return std::nullopt;
    return fmt::format("is {} domain '{}'",
                       known->second.is_root ? "the root of" : "open to changes by",
                       known->second.domain);
}

std::optional<std::string> ClosedFolders::why(const base::FoundFile& file) const {
    for (std::size_t i = 0; i < file.folders.size(); ++i)
        if (auto reason = why(file.folders[i], i >= file.given))
            return fmt::format("{} lies in a folder that {}: no definition is read there",
                               file.path, *reason);
    return std::nullopt;
}

}  // namespace lxvirt::driver
