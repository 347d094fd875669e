// The record of what `apply` has brought, so that --prune removes only that. The connection keeps
// the record as one text for domains and one for networks (ROOT/etc/lxvirt/applied/): a line for
// each object with its name, its uuid and the file that it came from, sorted, fit for version
// control. The record is written before the definitions, so a line whose definition does not exist
// or has another uuid was never finished or has been replaced since, and counts for nothing.
#pragma once

#include <array>
#include <map>
#include <string>

#include "driver/apply/document.hh"

namespace lxvirt::driver {

// One line of the record.
struct AppliedEntry {
    std::string uuid;
    std::string file;  // absolute path
    bool operator==(const AppliedEntry&) const = default;
};

// Both texts of a root, in memory; save() writes them. The caller holds the apply lock to change
// anything.
class AppliedRecord {
  public:
    using Entries = std::map<std::string, AppliedEntry>;  // by name

    // Borrows `connection`. Throws base::Error naming place and line if the record cannot be read.
    explicit AppliedRecord(Connection& connection);

    // Returns the entries of a kind, valid until this object is changed.
    [[nodiscard]] const Entries& of(ObjectKind kind) const { return entries_[index(kind)]; }
    // Returns the entry, or nullptr if apply has not brought the object.
    [[nodiscard]] const AppliedEntry* find(ObjectKind kind, const std::string& name) const;
    // Adds or replaces an entry in memory.
    void set(ObjectKind kind, const std::string& name, AppliedEntry entry);
    void erase(ObjectKind kind, const std::string& name);
    // Writes the texts that changed since they were read or saved. Throws SystemError.
    void save();

  private:
    static std::size_t index(ObjectKind kind) { return static_cast<std::size_t>(kind); }
    Connection& connection_;
    std::array<Entries, 2> entries_, stored_;
};

}  // namespace lxvirt::driver
