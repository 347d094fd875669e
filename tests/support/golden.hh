// Golden files: what they are called, and how they are compared and rewritten (TESTS_ACCEPT=1).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/file/file.hh"
#include "tests/support/folders.hh"

namespace lxvirt::xml {

inline std::string basename_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

inline std::string stem(const std::string& path) {
    return path.substr(0, path.size() - 4);
}

inline bool accepting() {
    return std::getenv("TESTS_ACCEPT") != nullptr;
}

inline void compare(const std::string& path, const std::string& text) {
    if (accepting()) {
        if (text.empty())
            (void)base::remove_file(path);
        else
            base::write_atomic(path, text, 0644);
    }
    EXPECT_EQ(base::try_read_file(path).value_or(""), text) << path;
}

// The name of the test of a document, from its path.
inline std::string case_name(const std::string& path) {
    std::string name = stem(basename_of(path));
    for (char& c : name)
        if (c == '-' || c == '.') c = '_';
    return name;
}

}  // namespace lxvirt::xml
