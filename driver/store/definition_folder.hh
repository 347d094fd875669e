// The persistent definitions of one kind of object: one file of canonical XML per object, named
// after it. Beside them the folder has only autostart/ with links to them, so it is fit for version
// control. The file's name is the object's name, whatever its <name> says: renaming is thus one
// rename(2), and a crash leaves one of the two states.
//
// Looking for names reads only the folder; looking for a uuid scans the texts without parsing them.
// A definition that cannot be read causes an error that names its file, and never hides the others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rollback.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// Reads and writes the definitions of one kind. Every method throws SystemError if a file exists
// but cannot be read or written.
class DefinitionFolder {
  public:
    explicit DefinitionFolder(const ObjectPaths& paths) : paths_(paths) {}  // borrows it

    [[nodiscard]] std::vector<std::string> names() const;  // sorted
    [[nodiscard]] bool exists(std::string_view name) const;
    // Returns the file's text; nullopt if there is no such file.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    // Returns the text if it is fit to be parsed. Throws xml_error if a whole document has no uuid:
    // the parser would make one up, another each time.
    [[nodiscard]] std::optional<std::string> whole_text(std::string_view name) const;
    // Returns the uuid of a definition; nullopt if there is no file or no valid <uuid>.
    [[nodiscard]] std::optional<std::string> uuid(std::string_view name) const;
    // Returns the name of the definition with this canonical uuid; passes over files that cannot be
    // read.
    [[nodiscard]] std::optional<std::string> find_by_uuid(std::string_view uuid) const;

    // Returns a sentence about what is plainly wrong with the file: unreadable, empty, cut short.
    // The file is not parsed. Returns an empty text if nothing is wrong.
    [[nodiscard]] std::string problem(std::string_view name) const;

    // Returns whether the definition exists and starts with the host.
    [[nodiscard]] bool autostart(std::string_view name) const;

    // The callers of the methods below hold the object's operation lock; for write() of a new name
    // and for rename() they took the define lock before it.

    // Stores `xml` under `name`, atomically and on the disk. Returns true if there was no such
    // definition. A new definition is marked for autostart if `starts`, both or neither.
    bool write(const std::string& name, std::string_view xml, bool starts = false);
    // Removes the definition and its autostart link. Returns false if there was no definition.
    bool remove(std::string_view name);
    // Renames a definition; `xml` is the definition with the new name. The caller holds both names'
    // locks. Throws operation_invalid if the new name is taken.
    void rename(std::string_view old_name, const std::string& new_name, std::string_view xml);
    // Makes or removes the autostart link, and syncs it to the disk.
    void set_autostart(std::string_view name, bool on);

  private:
    void add_link(std::string_view name, base::Rollback& rollback);
    const ObjectPaths& paths_;
};

}  // namespace lxvirt::driver
