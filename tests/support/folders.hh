// Where tests find their documents.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file/file.hh"
#include "tests/roots.hh"

namespace lxvirt::xml {

inline std::string folder(const char* variable, const char* in_source) {
    const char* value = std::getenv(variable);
    return value != nullptr ? value : std::string(SOURCE_ROOT) + "/" + in_source;
}
inline std::string tests_folder() {
    return folder("LXVIRT_TESTS", "tests");
}
inline std::string examples_folder() {
    return folder("LXVIRT_EXAMPLES", "examples");
}

// The files of a folder with one extension, sorted.
inline std::vector<std::string> documents(const std::string& folder,
                                          std::string_view extension = ".xml") {
    std::vector<std::string> result;
    for (const std::string& name : base::list_folder(folder))
        if (name.ends_with(extension)) result.push_back(folder + "/" + name);
    return result;
}

}  // namespace lxvirt::xml
