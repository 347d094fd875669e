// The persistent definitions of domains: a DefinitionFolder that reads and writes xml::Domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "driver/store/definition_folder.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

class Definitions : public DefinitionFolder {
  public:
    // Borrows `root`.
    explicit Definitions(const Root& root) : DefinitionFolder(root.domain_paths()), root_(root) {}

    // Returns the parsed definition, under the file's name; nullopt if there is none. Throws
    // base::Error that names file and line if the file is broken.
    [[nodiscard]] std::optional<xml::Domain> load(std::string_view name) const;
    // Does the same, and throws no_domain if there is none.
    [[nodiscard]] xml::Domain require(std::string_view name) const;

    // The callers of the methods below hold the domain's operation lock; for store() and rename()
    // they took the define lock before it (Root::lock_to_define).

    // Stores a new or changed definition. Returns true if there was none of this name. Throws
    // operation_failed, with libvirt's sentences, if the uuid belongs to another name, or the name
    // to another uuid.
    // A new definition is marked for autostart if `starts`, both or neither.
    bool store(const xml::Domain& domain, bool starts = false);
    // Replaces an existing definition by one with the same name and uuid, so the other domains are
    // not looked at.
    void update(const xml::Domain& domain);
    // Does what update() does with a text that format_domain() made or text() returned.
    void update_text(std::string_view name, std::string_view text);
    // Renames a definition; `domain` is the definition with the new name. The caller holds both
    // names' locks.
    void rename(std::string_view old_name, const xml::Domain& domain);

  private:
    const Root& root_;
};

}  // namespace lxvirt::driver
