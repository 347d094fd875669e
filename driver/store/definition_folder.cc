#include "driver/store/definition_folder.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "xml/document/identity.hh"
#include "xml/document/scan.hh"

namespace lxvirt::driver {

namespace {

constexpr std::string_view kSuffix = ".xml";

// Returns whether anything has this name; an autostart link is not followed, as its target may be
// missing. Throws where it cannot be known: a rename would lose the link.
bool is_there(const std::string& path, int flags = 0) {
    struct stat facts = {};
    if (::fstatat(AT_FDCWD, path.c_str(), &facts, flags) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) base::fail_errno("look at '{}'", path);
    return false;
}

}  // namespace

std::vector<std::string> DefinitionFolder::names() const {
    std::vector<std::string> names;
    for (std::string& entry : base::list_folder(paths_.definitions)) {
        if (entry.front() == '.' || !std::string_view(entry).ends_with(kSuffix)) continue;
        entry.resize(entry.size() - kSuffix.size());
        names.push_back(std::move(entry));
    }
    return names;
}

bool DefinitionFolder::exists(std::string_view name) const {
    return is_there(paths_.definition(name));
}

std::optional<std::string> DefinitionFolder::text(std::string_view name) const {
    return base::try_read_file(paths_.definition(name));
}

std::optional<std::string> DefinitionFolder::whole_text(std::string_view name) const {
    auto text = this->text(name);
    if (text && !xml::scan_uuid(*text) && problem(name).empty())
        base::fail(base::ErrorCode::xml_error,
                   "{}: no valid <uuid>; add one (uuidgen makes one), it is the {}'s identity",
                   paths_.definition(name), paths_.kind);
    return text;
}

std::optional<std::string> DefinitionFolder::uuid(std::string_view name) const {
    const auto text = this->text(name);
    return text ? xml::scan_uuid(*text) : std::nullopt;
}

std::optional<std::string> DefinitionFolder::find_by_uuid(std::string_view uuid) const {
    for (std::string& name : names()) {
        try {
            if (this->uuid(name) == uuid) return std::move(name);
        } catch (const base::SystemError&) {
            // An unreadable file has no uuid that could clash; list and problem() report it.
        }
    }
    return std::nullopt;
}

std::string DefinitionFolder::problem(std::string_view name) const {
    const std::string path = paths_.definition(name);
    std::optional<base::UniqueFd> fd;
    try {
        fd = base::try_open_regular(path, O_RDONLY);
    } catch (const base::SystemError& error) {
        return error.error() == EINVAL
                   ? error.message()
                   : fmt::format("{}: cannot be read: {}", path, base::errno_text(error.error()));
    }
    // Another command has removed the file since the folder was read: there is no file to be wrong.
    if (!fd) return {};
    struct stat facts = {};
    if (::fstat(fd->get(), &facts) != 0)
        return fmt::format("{}: cannot be read: {}", path, base::errno_text(errno));
    if (facts.st_size == 0) return fmt::format("{}: the file is empty", path);
    std::array<char, 64> end;
    const off_t start = std::max<off_t>(0, facts.st_size - static_cast<off_t>(end.size()));
    const ssize_t got = ::pread(fd->get(), end.data(), end.size(), start);
    if (got < 0) return fmt::format("{}: cannot be read: {}", path, base::errno_text(errno));
    std::string_view tail(end.data(), static_cast<std::size_t>(got));
    // A comment may follow the element in a file that somebody wrote by hand.
    const auto last = tail.find_last_not_of(" \t\r\n");
    tail = tail.substr(0, last == std::string_view::npos ? 0 : last + 1);
    const std::string end_tag = "</" + paths_.kind + ">";
    if (tail.ends_with(end_tag) || tail.ends_with("-->")) return {};
    return fmt::format("{}: the file does not end in {}: it is not whole", path, end_tag);
}

bool DefinitionFolder::write(const std::string& name, std::string_view xml, bool starts) {
    const bool is_new = !exists(name);
    // An autostart link left by a rename that was cut short must not start this object. A link that is
    // asked for comes first: while there is no definition it starts nothing.
    if (is_new) (void)base::remove_file(paths_.autostart_link(name));
    base::Rollback rollback;
    if (is_new && starts) add_link(name, rollback);
    base::StagedFile staged(paths_.definition(name), xml);
    staged.put();
    rollback.dismiss();
    staged.sync();
    return is_new;
}

bool DefinitionFolder::remove(std::string_view name) {
    // The definition goes first: a link to nothing starts nothing. The link goes, too, where the
    // definition is gone and only the disk has not confirmed it.
    try {
        const bool removed = base::remove_file(paths_.definition(name), base::Durability::fsync);
        (void)base::remove_file(paths_.autostart_link(name));
        return removed;
    } catch (const base::SystemError&) {
        if (!exists(name)) (void)::unlink(paths_.autostart_link(name).c_str());
        throw;
    }
}

void DefinitionFolder::rename(std::string_view old_name, const std::string& new_name,
                              std::string_view xml) {
    xml::check_name(new_name);
    const std::string from = paths_.definition(old_name), to = paths_.definition(new_name);
    // On a full disk this fails before anything is changed.
    base::StagedFile staged(to, xml);
    // Each step leaves a state that is right for one of the two names: a link to nothing starts
    // nothing, and a <name> that differs from the file's name yields to it.
    base::Rollback rollback;
    if (autostart(old_name)) add_link(new_name, rollback);
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno != EEXIST) base::fail_errno("rename '{}' to '{}'", from, to);
        base::fail(base::ErrorCode::operation_invalid, "{} with name '{}' already exists",
                   paths_.kind, new_name);
    }
    rollback.add([&] { (void)::rename(to.c_str(), from.c_str()); });
    base::test_point("definition-renamed");
    staged.put();
    rollback.dismiss();
    try {
        staged.sync();
    } catch (const base::SystemError&) {
        (void)::unlink(paths_.autostart_link(old_name).c_str());
        throw;
    }
    (void)base::remove_file(paths_.autostart_link(old_name));
}

// Makes the autostart link, which goes again on a rollback.
void DefinitionFolder::add_link(std::string_view name, base::Rollback& rollback) {
    const std::string link = paths_.autostart_link(name);
    if (!is_there(link, AT_SYMLINK_NOFOLLOW))
        rollback.add([link] { (void)::unlink(link.c_str()); });
    set_autostart(name, true);
}

bool DefinitionFolder::autostart(std::string_view name) const {
    return is_there(paths_.autostart_link(name), AT_SYMLINK_NOFOLLOW) && exists(name);
}

void DefinitionFolder::set_autostart(std::string_view name, bool on) {
    const std::string link = paths_.autostart_link(name);
    if (!on) {
        (void)base::remove_file(link, base::Durability::fsync);
        return;
    }
    const std::string target = fmt::format("../{}{}", name, kSuffix);
    // Opened before the change, so that afterwards only the disk itself can fail.
    const base::UniqueFd folder =
        base::open_file(paths_.autostart_folder(), O_RDONLY | O_DIRECTORY);
    if (::symlink(target.c_str(), link.c_str()) != 0 && errno != EEXIST)
        base::fail_errno("link '{}' to '{}'", link, target);
    base::test_point("autostart-linked");
    base::sync_folder(folder, paths_.autostart_folder());
}

}  // namespace lxvirt::driver
