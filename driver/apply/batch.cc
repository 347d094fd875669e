#include "driver/apply/batch.hh"

#include "base/error.hh"
#include "base/file/batch.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "driver/device/hotplug.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/lookup.hh"

namespace lxvirt::driver {

namespace {

void require_unchanged(const Definitions& definitions, const DefinitionChange& change) {
    if (definitions.text(change.name) != change.before)
        base::fail(base::ErrorCode::operation_failed,
                   "the definition of domain '{}' was changed by another program meanwhile; apply "
                   "again",
                   change.name);
}

class Store {
  public:
    explicit Store(const Root& root)
        : root_(root), definitions_(root), files_(root.definitions()) {}

    void prepare(const std::vector<DefinitionChange>& changes) {
        for (const DefinitionChange& change : changes) files_.add(file_of(change), change.text);
        files_.sync();
    }

    // Under the define lock, from here to finish().
    void look() { index_.emplace(root_); }

    // False where the domain is busy.
    bool put(const DefinitionChange& change) {
        std::optional<base::OperationLock> lock;
        try {
            lock = root_.lock_domain(change.name, std::chrono::milliseconds(0));
        } catch (const base::Exception& error) {
            if (error.code() != base::ErrorCode::operation_timeout) throw;
            return false;
        }
        settle(root_, change.name);
        require_unchanged(definitions_, change);
        index_->check(change.name, change.uuid);
        // A link left by a rename that was cut short must not start this one.
        if (!change.before) (void)base::remove_file(root_.autostart_link(change.name));
        files_.put(file_of(change));
        index_->add(change.name, change.uuid);
        journal_lifecycle(root_, change.name, change.uuid, "Defined",
                          change.before ? "Updated" : "Added");
        base::test_point("apply-stored");
        return true;
    }

    void finish() { files_.finish(); }

  private:
    static std::string file_of(const DefinitionChange& change) { return change.name + ".xml"; }

    const Root& root_;
    Definitions definitions_;
    base::FileBatch files_;
    std::optional<DomainIndex> index_;
};

}  // namespace

DomainIndex::DomainIndex(const Root& root) {
    const Definitions definitions(root);
    std::vector<std::string> names = definitions.names();
    for (ActiveDomain& domain : active_domains(root)) names.push_back(std::move(domain.name));
    for (const std::string& name : names) add(name, known_uuid(root, name).value_or(""));
}

void DomainIndex::check(const std::string& name, const std::string& uuid) const {
    const auto value = [](const auto& map, const std::string& key) {
        const auto found = map.find(key);
        return found == map.end() ? std::nullopt : std::optional(found->second);
    };
    require_unique(name, uuid, value(uuids_, name), value(names_, uuid));
}

void DomainIndex::add(const std::string& name, const std::string& uuid) {
    uuids_[name] = uuid;
    if (!uuid.empty()) names_[uuid] = name;
}

void store_definitions(Connection& connection, const std::vector<DefinitionChange>& changes,
                       const std::function<void(const DefinitionChange& change,
                                                const std::optional<std::string>& error)>& done) {
    if (changes.empty()) return;
    const Root& root = connection.root();
    const auto attempt = [&](const DefinitionChange& change, auto&& act) {
        std::optional<std::string> problem;
        try {
            if (!act()) return false;
        } catch (const base::Exception& error) {
            problem = error.message();
        }
        done(change, problem);
        return true;
    };
    std::vector<const DefinitionChange*> busy;
    {
        Store store(root);
        store.prepare(changes);
        base::test_point("apply-prepared");
        const DefineLocks lock = root.lock_to_define({});
        store.look();
        for (const DefinitionChange& change : changes)
            if (!attempt(change, [&] { return store.put(change); })) busy.push_back(&change);
        store.finish();
    }
    for (const DefinitionChange* change : busy)
        attempt(*change, [&] {
            require_unchanged(Definitions(root), *change);
            (void)connection.define_xml(change->text, change->file);
            return true;
        });
}

}  // namespace lxvirt::driver
