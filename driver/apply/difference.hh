// `diff`: compares one definition with a file, or with what runs. Both sides are in canonical form,
// so a difference of layout is none.
#pragma once

#include <optional>
#include <string>

#include "driver/apply/document.hh"

namespace lxvirt::driver {

// Returns the unified diff from the definition to the file; empty if they are equal. Values that
// the file leaves to be made up (uuid, hardware addresses) are taken from the definition. Throws
// invalid_arg if the file holds another object, operation_invalid if there is no definition.
[[nodiscard]] std::string difference_to_file(Connection& connection, ObjectKind kind,
                                             const std::string& name, const std::string& file);

// Returns the unified diff from the definition to what runs, without what only a running object
// has. Throws operation_invalid if the object does not run or has no definition.
[[nodiscard]] std::string difference_to_live(Connection& connection, ObjectKind kind,
                                             const std::string& name);

// Returns the file that apply brought the object from; nullopt if apply did not bring it.
[[nodiscard]] std::optional<std::string> applied_file(Connection& connection, ObjectKind kind,
                                                      const std::string& name);

}  // namespace lxvirt::driver
