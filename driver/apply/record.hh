// The record of what `apply` has brought, so that --prune removes only that. The connection keeps it, as
// one text for domains and one for networks (ROOT/etc/lxvirt/applied/): a line for each object with its
// name, its uuid and the file that it came from, sorted, fit for version control. The record is written
// before the definitions, so a line whose definition does not exist or has another uuid was never
// finished or has been replaced since, and counts for nothing.
#pragma once

#include <array>
#include <map>
#include <string>

#include "driver/apply/document.hh"

namespace lxvirt::driver {

struct AppliedEntry {
    std::string uuid;
    std::string file;  // absolute
    bool operator==(const AppliedEntry&) const = default;
};

class AppliedRecord {
  public:
    using Entries = std::map<std::string, AppliedEntry>;  // by name

    // Borrows `connection`. Throws base::Error naming place and line if the record cannot be read.
    explicit AppliedRecord(Connection& connection);

    [[nodiscard]] const Entries& of(ObjectKind kind) const { return entries_[index(kind)]; }
    [[nodiscard]] const AppliedEntry* find(ObjectKind kind, const std::string& name) const;
    void set(ObjectKind kind, const std::string& name, AppliedEntry entry);
    void erase(ObjectKind kind, const std::string& name);
    // Writes the texts that changed.
    void save();

  private:
    static std::size_t index(ObjectKind kind) { return static_cast<std::size_t>(kind); }
    Connection& connection_;
    std::array<Entries, 2> entries_, stored_;
};

}  // namespace lxvirt::driver
