// `export`: every definition as a file, to be kept in version control and given back to `apply`.
#pragma once

#include <string>
#include <vector>

#include "driver/connection.hh"

namespace lxvirt::driver {

struct Exported {
    unsigned written = 0, unchanged = 0;
    std::vector<std::string> files;          // those that were written
    std::vector<std::string> unknown_files;  // files in their place that no definition has
    std::vector<std::string> problems;       // definitions that cannot be read, files not written
};

// FOLDER/domains/NAME.xml and FOLDER/networks/NAME.xml, canonical. A file that is right is not
// touched, and none is removed.
Exported export_definitions(const Connection& connection, const std::string& folder);

}  // namespace lxvirt::driver
