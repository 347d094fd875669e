// LocalConnection::define_all(), which stores many definitions and waits for the disk once.
//
// An fsync(2) for each of a thousand definitions takes minutes on a slow disk. All texts are
// therefore written to temporary files first and flushed by one syncfs(2) (base/file/batch.hh);
// only then is the define lock taken, each file renamed to its place, and the folder flushed. The
// define lock is thus held for the renames alone.
//
// A domain that another operation holds is not waited for under the define lock, as a slow start
// would keep everybody from defining: such a domain is defined by define_xml() after the lock was
// let go.

#include "base/error.hh"
#include "base/file/batch.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "driver/api/local.hh"
#include "driver/device/operation.hh"
#include "driver/known_domains.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/lookup.hh"

namespace lxvirt::driver {

namespace {

// Throws operation_failed if the stored text is not the one that `change` was decided on.
void require_unchanged(const Definitions& definitions, const DefinitionChange& change) {
    if (definitions.text(change.name) != change.before)
        base::fail(base::ErrorCode::operation_failed,
                   "the definition of domain '{}' was changed by another program meanwhile; apply "
                   "again",
                   change.name);
}

// One batch of definitions on its way to the disk. Call prepare(), look() and put() for each
// change, and finish(), in this order.
class Store {
  public:
    // Borrows `root`.
    explicit Store(const Root& root)
        : root_(root), definitions_(root), files_(root.definitions()) {}

    // Writes all texts to temporary files and flushes them; needs no lock. Throws SystemError.
    void prepare(const std::vector<DefinitionChange>& changes) {
        for (const DefinitionChange& change : changes) files_.add(file_of(change), change.text);
        files_.sync();
    }

    // Reads the names and uuids of all domains, once for the whole batch. The caller holds the
    // define lock from here to the end of finish().
    void look() {
        std::vector<std::string> names = definitions_.names();
        for (ActiveDomain& domain : active_domains(root_)) names.push_back(std::move(domain.name));
        for (const std::string& name : names)
            known_.add(name, known_uuid(root_, name).value_or(""));
    }

    // Puts one definition in its place under the domain's operation lock. Returns false if another
    // operation holds that lock. Throws if the definition was changed meanwhile, or if another
    // domain has its name or uuid.
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
        known_.check(change.name, change.uuid);
        // An autostart link left by a rename that was cut short must not start the new domain.
        if (!change.before) (void)base::remove_file(root_.autostart_link(change.name));
        files_.put(file_of(change));
        known_.add(change.name, change.uuid);
        journal_lifecycle(root_, change.name, change.uuid, DomainLifecycle::defined,
                          change.before ? detail::defined_updated : detail::defined_added);
        base::test_point("apply-stored");
        return true;
    }

    // Flushes the folder, so that the renames survive a power failure. Throws SystemError.
    void finish() { files_.finish(); }

  private:
    // Returns the file's name below the folder of definitions.
    static std::string file_of(const DefinitionChange& change) { return change.name + ".xml"; }

    const Root& root_;
    Definitions definitions_;
    base::FileBatch files_;
    KnownDomains known_;
};

}  // namespace

void LocalConnection::define_all(const std::vector<DefinitionChange>& changes,
                                 const DefinitionDone& done) {
    if (changes.empty()) return;
    require_write("virDomainDefineXML");
    // Calls `act` and hands its error, if any, to `done`. Returns false, without calling `done`, if
    // `act` found the domain busy.
    const auto finished = [&](const DefinitionChange& change, auto&& act) {
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
        Store store(root_);
        store.prepare(changes);
        base::test_point("apply-prepared");
        const DefineLocks lock = root_.lock_to_define({});
        store.look();
        for (const DefinitionChange& change : changes)
            if (!finished(change, [&] { return store.put(change); })) busy.push_back(&change);
        store.finish();
    }
    // The busy ones are defined one by one, each waiting for its operation lock and for the disk.
    for (const DefinitionChange* change : busy)
        finished(*change, [&] {
            require_unchanged(Definitions(root_), *change);
            (void)define_xml(change->text, change->file, DefineFlags::none);
            return true;
        });
}

}  // namespace lxvirt::driver
