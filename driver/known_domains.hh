// The names and uuids of all domains, for a caller who checks or stores many definitions: to look
// each up anew would read every definition for each of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::driver {

// Knows each name with its uuid, as they were when the caller added them.
class KnownDomains {
  public:
    // Adds a domain; `uuid` is empty if its definition has no readable one.
    void add(const std::string& name, const std::string& uuid);
    // Throws operation_failed with libvirt's sentence if the name belongs to another uuid or the
    // uuid to another name.
    void check(const std::string& name, const std::string& uuid) const;

  private:
    std::map<std::string, std::string> uuids_;  // by name
    std::map<std::string, std::string> names_;  // by uuid
};

// Throws as check() does; for a caller who has looked already. `own` is the uuid that the name has
// now, empty if it is not readable, nullopt if the name is free; `other` is the name that the uuid
// has.
void require_unique(std::string_view name, std::string_view uuid,
                    const std::optional<std::string>& own, const std::optional<std::string>& other);

}  // namespace lxvirt::driver
