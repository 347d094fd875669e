// ApplyRun's main part: reads the files, decides what each means, and brings what is new or
// changed.
#include "driver/apply/run.hh"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/find.hh"
#include "base/test_point.hh"
#include "base/text/diff.hh"
#include "driver/apply/live.hh"
#include "driver/known_domains.hh"
#include "driver/names.hh"
#include "xml/document/scan.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

// Returns the diff from the stored definition to the file; a new object is compared with /dev/null.
std::string diff_of(const ApplyItem& item, const Connection& connection) {
    const ObjectDocument& document = item.document;
    return base::unified_diff(
        item.before.value_or(""), item.after,
        item.before ? connection.stored_place(document.kind(), document.name()) : "/dev/null",
        document.file());
}

// Returns the names and uuids of all domains, which new ones must not clash with.
KnownDomains known_domains(const Connection& connection) {
    KnownDomains known;
    for (const DomainSummary& domain : connection.list_all_domains({.uuids = true}))
        known.add(domain.name, domain.uuid);
    return known;
}

}  // namespace

std::string absolute_folder(const std::string& path) {
    std::error_code error;
    std::string found = std::filesystem::weakly_canonical(path, error).string();
    while (found.size() > 1 && found.back() == '/') found.pop_back();
    return error ? path : found;
}

std::string absolute_file(const std::string& path) {
    const std::string folder = absolute_folder(base::parent_folder(path));
    return fmt::format("{}/{}", folder == "/" ? "" : folder, path.substr(path.rfind('/') + 1));
}

ApplySummary ApplyRun::run(const std::vector<std::string>& paths) {
    read(paths);
    decide();
    write_record_ahead();
    base::test_point("apply-recorded");
    bring_networks();
    bring_domains();
    if (options_.prune) prune(paths);
    if (!options_.dry_run) record_.save();
    if (options_.start) start();
    if (options_.wait && !options_.dry_run) wait();
    return summary_;
}

void ApplyRun::read(const std::vector<std::string>& paths) {
    closed_folders_.add_all(connection_);
    base::FileSearch search;
    search.suffix = ".xml";
    search.on_file = [&](base::FoundFile file) {
        const std::string path = file.path;
        try {
            read_file(std::move(file));
        } catch (const std::exception& error) {
            fail_unread(path, base::message_of(error));
        }
    };
    search.on_problem = [&](const std::string&, const std::string& sentence) {
        fail_unread("", sentence);
    };
    search.on_closed = [&](const std::string& path, const std::string& sentence) {
        closed_.push_back(absolute_folder(path));
        on_event_({.act = ApplyAct::skipped, .file = path, .error = sentence});
    };
    search.why_closed = [&](base::FileId folder, bool below) {
        return closed_folders_.why(folder, below);
    };
    base::find_files(paths, search);
    refuse_inside_containers();
    std::stable_sort(items_.begin(), items_.end(), [](const ApplyItem& a, const ApplyItem& b) {
        return a.document.kind() < b.document.kind();
    });
    refuse_doubles();
}

// The root of a new domain is known only when its document has been read.
void ApplyRun::refuse_inside_containers() {
    for (const ApplyItem& item : items_)
        if (item.document.kind() == ObjectKind::domain) closed_folders_.add(item.document.domain());
    for (ApplyItem& item : items_)
        if (const auto why = closed_folders_.why(item.found)) {
            unread_ = true;
            fail(item, *why);
        }
}

void ApplyRun::read_file(base::FoundFile found) {
    const std::string text = std::exchange(found.text, {});
    const std::string& file = found.path;
    const std::string_view element = xml::outermost_element(text);
    const auto kind = kind_of(element);
    if (!kind && (xml::is_device(element) || element == "networkport")) {
        on_event_({.act = ApplyAct::skipped,
                   .file = file,
                   .error = fmt::format("{}: a <{}> is neither a domain nor a network and is left "
                                        "alone",
                                        file, element)});
        return;
    }
    ObjectDocument document = read_object(text, file);
    items_.push_back(
        {.document = std::move(document), .found = std::move(found), .before = {}, .after = {}});
}

// Fails all documents that share a name or uuid: apply cannot know which of them is meant.
void ApplyRun::refuse_doubles() {
    using Key = std::tuple<ObjectKind, std::string_view, std::string>;  // kind, of what, value
    std::map<Key, std::vector<ApplyItem*>> by_key;
    for (ApplyItem& item : items_) {
        const ObjectDocument& document = item.document;
        by_key[{document.kind(), "name", document.name()}].push_back(&item);
        if (!document.uuid().empty())
            by_key[{document.kind(), "uuid", document.uuid()}].push_back(&item);
    }
    for (const auto& [key, same] : by_key) {
        if (same.size() == 1) continue;
        for (ApplyItem* item : same) {
            if (item->failed) continue;
            const ObjectDocument& other = (item == same[0] ? same[1] : same[0])->document;
            fail(*item,
                 fmt::format("{}: {} '{}' has the {} of '{}' in {}; neither is applied",
                             item->document.file(), name_of(other.kind()), item->document.name(),
                             std::get<1>(key), other.name(), other.file()));
        }
    }
}

// Completes each document and finds out whether it changes anything. A network is checked here and
// gets its bridge, so that two new networks do not get the same one; a domain's name and uuid are
// compared with all others.
void ApplyRun::decide() {
    std::optional<KnownDomains> domains;
    std::vector<std::string> bridges;
    for (ApplyItem& item : items_) {
        if (item.failed) continue;
        ObjectDocument& document = item.document;
        try {
            item.before = connection_.stored_text(document.kind(), document.name());
            document.complete(connection_, item.before);
            item.after = document.canonical();
            if (item.equal()) {
                ++summary_.unchanged;
            } else if (document.kind() == ObjectKind::network) {
                item.after =
                    connection_.networks().checked_xml(item.after, document.file(), bridges);
                document.take(item.after);
                bridges.push_back(document.network().bridge.name);
            } else {
                if (!domains) domains = known_domains(connection_);
                domains->check(document.name(), document.uuid());
                domains->add(document.name(), document.uuid());
            }
        } catch (const std::exception& error) {
            fail(item, base::message_of(error));
        }
    }
}

// Writes the record before the definitions. A new object belongs to apply from now on; an object
// that somebody else defined stays theirs, even if apply changes it.
void ApplyRun::write_record_ahead() {
    // Resolving a folder takes longer than reading a file.
    std::map<std::string, std::string> folders;
    const auto place = [&](const std::string& file) {
        std::string& folder = folders[base::parent_folder(file)];
        if (folder.empty()) folder = base::parent_folder(absolute_file(file));
        return fmt::format("{}/{}", folder == "/" ? "" : folder, file.substr(file.rfind('/') + 1));
    };
    for (ApplyItem& item : items_) {
        if (item.failed) continue;
        const ObjectDocument& document = item.document;
        item.ahead = !item.before;
        const AppliedEntry* const known = record_.find(document.kind(), document.name());
        const bool ours = item.ahead || (known != nullptr && known->uuid == document.uuid());
        if (ours)
            record_.set(document.kind(), document.name(),
                        {document.uuid(), place(document.file())});
        else if (known != nullptr)
            record_.erase(document.kind(), document.name());
    }
    if (!options_.dry_run) record_.save();
}

void ApplyRun::bring_networks() {
    for (ApplyItem& item : items_) {
        if (item.failed || item.equal() || item.document.kind() != ObjectKind::network) continue;
        try {
            std::vector<std::string> effects;
            if (!options_.dry_run) {
                effects = change_running(item);
                base::test_point("apply-network-live");
                const DefinedNetwork defined =
                    connection_.networks().define_xml(item.after, item.document.file());
                base::test_point("apply-network-stored");
                effects.insert(effects.end(), defined.notices.begin(), defined.notices.end());
            }
            brought(item, std::move(effects));
        } catch (const std::exception& error) {
            fail(item, base::message_of(error));
        }
    }
}

// Changes the running domains, then stores all definitions in one batch, which waits for the disk
// once.
void ApplyRun::bring_domains() {
    std::vector<DefinitionChange> changes;
    std::vector<ApplyItem*> items;
    std::vector<std::vector<std::string>> effects;
    for (ApplyItem& item : items_) {
        if (item.failed || item.equal() || item.document.kind() != ObjectKind::domain) continue;
        if (options_.dry_run) {
            brought(item, {});
            continue;
        }
        const ObjectDocument& document = item.document;
        effects.push_back(change_running(item));
        changes.push_back({.name = document.name(),
                           .uuid = document.uuid(),
                           .file = document.file(),
                           .before = item.before,
                           .text = item.after});
        items.push_back(&item);
    }
    if (changes.empty()) return;
    base::test_point("apply-live");
    try {
        connection_.define_all(
            changes,
            [&](const DefinitionChange& change, const std::optional<std::string>& error) {
                const auto at = static_cast<std::size_t>(&change - changes.data());
                if (error)
                    fail(*items[at], *error, std::move(effects[at]));
                else
                    brought(*items[at], std::move(effects[at]));
            });
    } catch (const std::exception& error) {
        // Such an error concerns all that are left: no space, or no define lock.
        for (std::size_t i = 0; i < items.size(); ++i)
            if (!items[i]->failed && !items[i]->brought)
                fail(*items[i], base::message_of(error), std::move(effects[i]));
        // All are stored, but a power failure may undo that: the folder could not be synced.
        if (items.back()->brought) fail_unread("", base::message_of(error));
    }
}

// Changes a running object as far as it can be changed, and returns lines for the user. An error is
// a line, too: the definition is stored all the same and holds from the next start.
std::vector<std::string> ApplyRun::change_running(const ApplyItem& item) {
    if (!item.before) return {};
    const ObjectDocument& document = item.document;
    const std::string& name = document.name();
    try {
        if (document.kind() == ObjectKind::network)
            return connection_.networks().follow({name, document.uuid()}, *item.before, item.after);
        const DomainRef domain = connection_.lookup_by_name(name);
        if (domain.id < 0) return {};
        const xml::Domain before =
            xml::parse_domain(*item.before,
                              {.file = connection_.stored_place(ObjectKind::domain, name)})
                .domain;
        return change_live(connection_, domain, before, document.domain());
    } catch (const std::exception& error) {
        return {"at next start: " + base::message_of(error)};
    }
}

void ApplyRun::brought(ApplyItem& item, std::vector<std::string> effects) {
    item.brought = true;
    ++(item.before ? summary_.updated : summary_.defined);
    on_event_({.act = item.before ? ApplyAct::updated : ApplyAct::defined,
               .kind = item.document.kind(),
               .name = item.document.name(),
               .file = item.document.file(),
               .diff = diff_of(item, connection_),
               .notices = item.document.notices(),
               .effects = std::move(effects)});
}

void ApplyRun::fail(ApplyItem& item, const std::string& error, std::vector<std::string> effects) {
    // The record named the object in advance, and it has not come.
    if (item.ahead && !item.brought) record_.erase(item.document.kind(), item.document.name());
    if (!item.failed) ++summary_.failed;
    item.failed = true;
    on_event_({.act = ApplyAct::failed,
               .kind = item.document.kind(),
               .name = item.document.name(),
               .file = item.document.file(),
               .effects = std::move(effects),
               .error = error});
}

void ApplyRun::fail_unread(const std::string& file, const std::string& error) {
    unread_ = true;
    ++summary_.failed;
    on_event_({.act = ApplyAct::failed, .file = file, .error = error});
}

ApplySummary apply(Connection& connection, const std::vector<std::string>& paths,
                   const ApplyOptions& options,
                   const std::function<void(const ApplyEvent&)>& on_event) {
    const std::unique_ptr<Held> lock = options.dry_run ? nullptr : connection.lock_apply();
    return ApplyRun(connection, options, on_event).run(paths);
}

}  // namespace lxvirt::driver
