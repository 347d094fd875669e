// The persistent definitions: one file of canonical XML per domain, named after it, and nothing
// else in it, so that the folder is fit for version control. The file's name is the domain's name,
// whatever its <name> says: renaming is thus one rename(2), and a crash leaves one of the two
// states.
//
// Looking for names reads the folder only; looking for a uuid scans the texts without parsing them.
// A definition that cannot be read is an error that names its file and never hides the others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/root.hh"
#include "xml/domain.hh"

namespace lxvirt::driver {

class Definitions {
  public:
    explicit Definitions(const Root& root) : root_(root) {}  // borrows it

    [[nodiscard]] std::vector<std::string> names() const;  // sorted
    [[nodiscard]] bool exists(std::string_view name) const;
    // The file's text; nothing where there is none.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    // Throws base::Error naming file and line where the file is broken.
    [[nodiscard]] std::optional<xml::Domain> load(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> uuid(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> find_by_uuid(std::string_view uuid) const;

    // What is plainly wrong with the file, without parsing it: unreadable, empty, cut short. Empty
    // where nothing is.
    [[nodiscard]] std::string problem(std::string_view name) const;

    // The callers of these hold the domain's operation lock; those of store and rename the define
    // lock before it (Root::lock_to_define).

    // True where there was none of this name. Throws operation_failed where the uuid belongs to
    // another name, or the name to another uuid (libvirt's sentences).
    bool store(const xml::Domain& domain);
    // Replaces what exists, name and uuid being the same: no look at the others.
    void update(const xml::Domain& domain);
    // Removes the definition and its autostart link; false where there was none.
    bool remove(std::string_view name);
    // Both names' locks are held. `domain` is the definition with the new name.
    void rename(std::string_view old_name, const xml::Domain& domain);

    [[nodiscard]] bool autostart(std::string_view name) const;
    void set_autostart(std::string_view name, bool on);

  private:
    const Root& root_;
};

// The first <uuid> of a document outside comments, canonical; nothing where there is none or it is
// not a uuid. Good for texts of our own layout; load() has the last word.
[[nodiscard]] std::optional<std::string> scan_uuid(std::string_view text);
// The text of the domain's <title> likewise, entities resolved; empty where there is none.
[[nodiscard]] std::string scan_title(std::string_view text);

}  // namespace lxvirt::driver
