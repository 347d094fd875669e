// `diff`: one definition beside a file, or beside what runs.
#pragma once

#include <optional>
#include <string>

#include "driver/apply/document.hh"

namespace lxvirt::driver {

// From the definition to the file, both canonical; empty where they are equal. What the file does
// not say is taken from the definition. Throws where the file is of another object.
[[nodiscard]] std::string difference_to_file(Connection& connection, ObjectKind kind,
                                             const std::string& name, const std::string& file);

// From the definition to what runs, without what only a running one has. Throws operation_invalid
// where it does not run.
[[nodiscard]] std::string difference_to_live(Connection& connection, ObjectKind kind,
                                             const std::string& name);

// The file that apply has brought it from; nothing where it has not.
[[nodiscard]] std::optional<std::string> applied_file(Connection& connection, ObjectKind kind,
                                                      const std::string& name);

}  // namespace lxvirt::driver
