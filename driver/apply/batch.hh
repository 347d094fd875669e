// Storing many definitions of domains as define_xml() stores one, with the disk waited for once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/api/connection.hh"

namespace lxvirt::driver {

// Names and uuids of all domains, defined or running, read once.
class DomainIndex {
  public:
    explicit DomainIndex(const Root& root);
    // Throws libvirt's sentence where the name has another uuid or the uuid another name.
    void check(const std::string& name, const std::string& uuid) const;
    void add(const std::string& name, const std::string& uuid);

  private:
    std::map<std::string, std::string> uuids_;  // by name; empty where none can be read
    std::map<std::string, std::string> names_;  // by uuid
};

struct DefinitionChange {
    std::string name, uuid, file;
    std::optional<std::string> before;  // what was stored when the change was decided
    std::string text;                   // canonical
};

// Stores them, each under its domain's lock and only if it is still as it was; one whose domain is
// busy is stored last, so that none waits for another's. `done` is told of each, with what was
// wrong or nothing. The caller holds Root::apply_lock().
void store_definitions(Connection& connection, const std::vector<DefinitionChange>& changes,
                       const std::function<void(const DefinitionChange& change,
                                                const std::optional<std::string>& error)>& done);

}  // namespace lxvirt::driver
