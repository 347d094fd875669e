// `export`: writes every definition to a file, to be kept in version control and given back to
// `apply`.
#pragma once

#include <string>
#include <vector>

#include "driver/connection.hh"

namespace lxvirt::driver {

struct Exported {
    unsigned written = 0, unchanged = 0;
    std::vector<std::string> files;          // the files that were written
    std::vector<std::string> unknown_files;  // files in the folders that belong to no definition
    // Sentences: definitions that cannot be read, files not written.
    std::vector<std::string> problems;
};

// Writes FOLDER/domains/NAME.xml and FOLDER/networks/NAME.xml, in canonical form, and makes the
// folders. A file that is right already is not touched, so its time stays, and no file is removed.
// Nothing is written through a link, nor into a folder that others than root and the caller can
// change.
// Throws SystemError if a folder cannot be made or read; the failure of one file is in `problems`.
Exported export_definitions(const Connection& connection, const std::string& folder);

}  // namespace lxvirt::driver
