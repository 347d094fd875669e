// What `apply` has brought, so that --prune removes only that: ROOT/etc/lxvirt/applied/domains and
// networks, one line each of name, uuid and the file it came from, sorted, fit for version control.
// Written before the definitions themselves: a line whose definition is not there, or has another
// uuid, is of something that was never finished or was replaced since, and counts for nothing.
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

    // Borrows it. Throws base::Error naming file and line where the record cannot be read.
    explicit AppliedRecord(const Root& root);

    [[nodiscard]] const Entries& of(ObjectKind kind) const { return entries_[index(kind)]; }
    [[nodiscard]] const AppliedEntry* find(ObjectKind kind, const std::string& name) const;
    void set(ObjectKind kind, const std::string& name, AppliedEntry entry);
    void erase(ObjectKind kind, const std::string& name);
    // Writes the files that changed.
    void save();

  private:
    static std::size_t index(ObjectKind kind) { return static_cast<std::size_t>(kind); }
    const Root& root_;
    std::array<Entries, 2> entries_, stored_;
};

}  // namespace lxvirt::driver
