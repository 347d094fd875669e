// LocalConnection's methods that driver/apply/ needs beside libvirt's calls: the text of
// definitions as they are stored, the record of what apply has brought, and apply's lock.
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/lock.hh"
#include "driver/api/local.hh"
#include "driver/names.hh"
#include "driver/store/definition_folder.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// Returns the paths of a kind; `root` owns them.
const ObjectPaths& paths_of(const Root& root, ObjectKind kind) {
    return kind == ObjectKind::domain ? root.domain_paths() : root.network_paths();
}

// Holds a lock for a caller who knows only the interface; letting it go is its destructor's work.
class HeldLock final : public Held {
  public:
    explicit HeldLock(base::OperationLock lock) : lock_(std::move(lock)) {}

  private:
    base::OperationLock lock_;
};

}  // namespace

std::optional<std::string> LocalConnection::stored_text(ObjectKind kind,
                                                        const std::string& name) const {
    try {
        return DefinitionFolder(paths_of(root_, kind)).text(name);
    } catch (const base::SystemError& error) {
        // Something else than a file of a sensible size is to be replaced by apply, as if it were
        // not there. A definition that only cannot be read at this moment is one.
        const int what = error.error();
        if (what == EISDIR || what == EINVAL || what == EFBIG || what == ELOOP) return std::nullopt;
        throw;
    }
}

std::string LocalConnection::stored_place(ObjectKind kind, const std::string& name) const {
    return paths_of(root_, kind).definition(name);
}

std::string LocalConnection::live_place(ObjectKind kind, const std::string& name) const {
    return paths_of(root_, kind).live(name);
}

std::string LocalConnection::applied_place(ObjectKind kind) const {
    return fmt::format("{}/{}s", root_.applied(), name_of(kind));
}

std::string LocalConnection::applied(ObjectKind kind) const {
    return base::try_read_file(applied_place(kind)).value_or("");
}

void LocalConnection::set_applied(ObjectKind kind, const std::string& record) {
    require_write("apply");
    base::make_folders(root_.applied());
    base::write_atomic(applied_place(kind), record);
}

std::unique_ptr<Held> LocalConnection::lock_apply() {
    if (read_only_)
        base::fail(base::ErrorCode::operation_denied,
                   "read only access prevents apply; --dry-run changes nothing");
    root_.make_folders();
    return std::make_unique<HeldLock>(
        base::OperationLock::acquire(root_.apply_lock(), load_settings(root_).operation_timeout));
}

}  // namespace lxvirt::driver
