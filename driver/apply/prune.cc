// --prune: undefines objects that apply has brought and that the files no longer have. Only an
// object that the record names, with the recorded uuid, whose recorded file is below the paths of
// this run, is undefined; running objects run on. If any file could not be read, nothing is
// undefined, as that file may hold the object.
#include <algorithm>
#include <filesystem>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/text/diff.hh"
#include "driver/apply/run.hh"
#include "driver/names.hh"
#include "xml/document/scan.hh"

namespace lxvirt::driver {

namespace {

// Returns whether an absolute path is `place` or below it.
bool is_below(const std::string& file, const std::string& place) {
    return file == place || place == "/" || file.starts_with(place + "/");
}

}  // namespace

void ApplyRun::prune(const std::vector<std::string>& paths) {
    std::vector<std::string> places;
    std::error_code error;
    for (const std::string& path : paths)
        places.push_back(std::filesystem::is_directory(path, error) ? absolute_folder(path)
                                                                    : absolute_file(path));
    // Domains go first, as they may use a network.
    prune_kind(ObjectKind::domain, places);
    prune_kind(ObjectKind::network, places);
}

void ApplyRun::prune_kind(ObjectKind kind, const std::vector<std::string>& places) {
    std::set<std::string> named;
    for (const ApplyItem& item : items_)
        if (item.document.kind() == kind) named.insert(item.document.name());
    const auto entries = record_.of(kind);  // a copy, as the loop changes the record
    for (const auto& known : entries) {
        const std::string& name = known.first;
        const AppliedEntry& entry = known.second;
        if (named.contains(name)) continue;
        std::optional<std::string> text;
        try {
            text = connection_.stored_text(kind, name);
        } catch (const base::Exception& error) {
            ++summary_.failed;
            on_event_({.act = ApplyAct::failed,
                       .kind = kind,
                       .name = name,
                       .file = entry.file,
                       .error = error.message()});
            continue;
        }
        // Somebody else has undefined the object, or defined another of its name.
        if (!text || xml::scan_uuid(*text) != entry.uuid) {
            record_.erase(kind, name);
            continue;
        }
        const auto skip = [&](std::string_view why) {
            on_event_({.act = ApplyAct::skipped,
                       .kind = kind,
                       .name = name,
                       .file = entry.file,
                       .error = fmt::format("{} '{}', brought from {}, is kept: {}", name_of(kind),
                                            name, entry.file, why)});
        };
        const bool ours = std::any_of(places.begin(), places.end(), [&](const std::string& place) {
            return is_below(entry.file, place);
        });
        if (!ours && !base::exists(entry.file))
            skip("the file is gone, but it was not below what was given");
        else if (ours && unread_)
            skip("its document may be one of those that could not be read");
        else if (ours && is_closed(entry.file))
            skip("its file is in a folder that is not looked into");
        else if (ours)
            undefine(kind, name, entry, *text);
    }
}

// Says whether a file is in a folder that was not looked into.
bool ApplyRun::is_closed(const std::string& file) const {
    return std::any_of(
        closed_.begin(), closed_.end(),
        [&](const std::string& folder) { return is_below(file, folder); });
}

void ApplyRun::undefine(ObjectKind kind, const std::string& name, const AppliedEntry& entry,
                        const std::string& text) {
    ApplyEvent event{.act = ApplyAct::undefined, .kind = kind, .name = name, .file = entry.file};
    try {
        event.diff =
            base::unified_diff(text, "", connection_.stored_place(kind, name), "/dev/null");
        if (is_active(connection_, kind, name))
            event.effects.emplace_back("it runs on until it is stopped");
        if (!options_.dry_run) {
            if (kind == ObjectKind::domain)
                connection_.undefine({name, entry.uuid, -1});
            else
                connection_.networks().undefine({name, entry.uuid});
            base::test_point("apply-pruned");
        }
        record_.erase(kind, name);
        ++summary_.undefined;
    } catch (const std::exception& error) {
        ++summary_.failed;
        event.act = ApplyAct::failed;
        event.diff.clear();
        event.error = base::message_of(error);
    }
    on_event_(event);
}

}  // namespace lxvirt::driver
