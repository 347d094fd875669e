// The persistent definitions of domains: DefinitionFolder with xml::Domain in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "driver/store/definition_folder.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

class Definitions : public DefinitionFolder {
  public:
    // Borrows it.
    explicit Definitions(const Root& root) : DefinitionFolder(root.domain_paths()), root_(root) {}

    // Throws base::Error naming file and line where the file is broken.
    [[nodiscard]] std::optional<xml::Domain> load(std::string_view name) const;

    // The callers of these hold the domain's operation lock; those of store and rename the define
    // lock before it (Root::lock_to_define).

    // True where there was none of this name. Throws operation_failed where the uuid belongs to
    // another name, or the name to another uuid (libvirt's sentences).
    bool store(const xml::Domain& domain);
    // Replaces what exists, name and uuid being the same: no look at the others.
    void update(const xml::Domain& domain);
    // The same with its text as format_domain() made it, or as text() returned it.
    void update_text(std::string_view name, std::string_view text);
    // Both names' locks are held. `domain` is the definition with the new name.
    void rename(std::string_view old_name, const xml::Domain& domain);

  private:
    const Root& root_;
};

}  // namespace lxvirt::driver
