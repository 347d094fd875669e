// The persistent definitions of one kind of object: one file of canonical XML per object, named
// after it, and nothing else in it, so that the folder is fit for version control. The file's name
// is the object's name, whatever its <name> says: renaming is thus one rename(2), and a crash
// leaves one of the two states.
//
// Looking for names reads the folder only; looking for a uuid scans the texts without parsing them.
// A definition that cannot be read is an error that names its file and never hides the others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"

namespace lxvirt::driver {

class DefinitionFolder {
  public:
    explicit DefinitionFolder(const ObjectPaths& paths) : paths_(paths) {}  // borrows it

    [[nodiscard]] std::vector<std::string> names() const;  // sorted
    [[nodiscard]] bool exists(std::string_view name) const;
    // The file's text; nothing where there is none.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    // The same, fit to be parsed: throws where it has no uuid, though it is whole.
    [[nodiscard]] std::optional<std::string> whole_text(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> uuid(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> find_by_uuid(std::string_view uuid) const;

    // What is plainly wrong with the file, without parsing it: unreadable, empty, cut short. Empty
    // where nothing is.
    [[nodiscard]] std::string problem(std::string_view name) const;

    [[nodiscard]] bool autostart(std::string_view name) const;

    // The callers of these hold the object's operation lock; those of write() for a new name and of
    // rename() the define lock before it.

    // True where there was none of this name.
    bool write(const std::string& name, std::string_view xml);
    // Removes the definition and its autostart link; false where there was none.
    bool remove(std::string_view name);
    // Both names' locks are held. `xml` is the definition with the new name.
    void rename(std::string_view old_name, const std::string& new_name, std::string_view xml);
    void set_autostart(std::string_view name, bool on);

  private:
    const ObjectPaths& paths_;
};

}  // namespace lxvirt::driver
